"""PURE. A house as a graph of the sentences that can be said in it.

`word_graph(home)` is the whole of it: Home Assistant's templates and ours (data.py) as far as this house has
what they speak of, its names, areas, floors and numbers as shared sub-graphs, the owner's own sentences, and polite
words around it all. `code_graph()` hears a one-time code, `stop_graph()` what silences a ring. paths.py walks
what is made here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError

from voiced.home.dialogue import ALSO, EXCEPT, UNDO
from voiced.home.language import data, everyday
from voiced.home.language.build import Compiler, End, ImpossibleError, Into, Pieces, minimal
from voiced.home.language.polite import AND, FOLLOW_UP, I_MEANT, NO, POLITE_BACK, POLITE_FRONT
from voiced.home.language.spoken import name_variants, number_variants
from voiced.home.language.wordgraph import Arc, Mark, MarkKind, WordGraph
from voiced.home.model import Home
from voiced.home.senses import spoken_of
from voiced.messages import SlotValue

OPEN_WORDS = 6
"""A wildcard's longest stretch."""
OPEN_COST = 2.0
"""Nats for entering a wildcard; the automaton adds a penalty per word."""
POLITE_COST = 0.3
AND_COST = 2.5
"""Nats for another command in the same sentence: what is one command is not two."""
EXCEPT_WORDS = ("except", "except for", "but not", "apart from", "other than", "without")
FOLLOW_UP_COST = 1.5

_NOTHING = Home()
CODE_INTENT = "SpokenCode"
"""The call of `code_graph`: slots `first` and `second`, a digit each."""


class EntityLike(Protocol):
    @property
    def domain(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> Sequence[str]: ...
    @property
    def device_class(self) -> str | None: ...
    @property
    def options(self) -> Sequence[str]: ...


class PlaceLike(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> Sequence[str]: ...


class OwnSentenceLike(Protocol):
    @property
    def intent(self) -> str: ...
    @property
    def templates(self) -> Sequence[str]: ...


class HomeLike(Protocol):
    """What the graph needs of a home."""

    @property
    def floors(self) -> Sequence[PlaceLike]: ...
    @property
    def areas(self) -> Sequence[PlaceLike]: ...
    @property
    def entities(self) -> Sequence[EntityLike]: ...
    @property
    def lists(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def sentences(self) -> Sequence[OwnSentenceLike]: ...


def slot(name: str, value: SlotValue) -> Mark:
    return Mark(MarkKind.SLOT, name, value)


class _Subs:
    """The sub-graphs of one house, made when first asked for."""

    def __init__(self, home: HomeLike) -> None:
        self.home = home
        self.graphs: dict[str, WordGraph] = {}
        self.costs: dict[str, float] = {}
        self.domains = frozenset(e.domain for e in home.entities)
        classes = frozenset(e.device_class for e in home.entities if e.device_class)
        self.classes = classes.union(*map(spoken_of, classes))
        self.lists = dict(data.grammar().lists)
        self.own: dict[str, Sequence[str]] = dict(home.lists)

    def add(self, key: str, pieces: Pieces, root: int) -> str:
        """Keep a graph under `key`; "" if nothing can be said in it."""
        graph, cost = minimal(pieces, root)
        if not graph.finals:
            self.costs[key] = -1.0
            return ""
        self.graphs[key], self.costs[key] = graph, cost
        return key

    def known(self, key: str) -> str | None:
        return None if key not in self.costs else key if key in self.graphs else ""

    def values(self, key: str, pairs: Iterable[tuple[str, SlotValue]], slot_name: str) -> str:
        """Plain texts and what each means."""
        if (known := self.known(key)) is not None:
            return known
        pieces = Pieces()
        ways = []
        for text, value in pairs:
            end = pieces.end(End((slot(slot_name, value),)))
            ways += [pieces.words(words, end) for words in name_variants(text)]
        if made := self.add(key, pieces, pieces.union(ways)):
            self.graphs[made] = replace(self.graphs[made], of_names=True)
        return made

    def names(self, slot_name: str, domains: Collection[str]) -> str:
        entities = [e for e in self.home.entities if not domains or e.domain in domains]
        present = sorted({e.domain for e in entities})
        pairs = [(text, text.casefold()) for e in entities for text in (e.name, *e.aliases)]
        return self.values(f"{slot_name}={'|'.join(present) or '-'}", pairs, slot_name)

    def places(self, kind: str, slot_name: str) -> str:
        places = self.home.areas if kind == "area" else self.home.floors
        pairs = [(text, p.name.casefold()) for p in places for text in (p.name, *p.aliases)]
        return self.values(f"{slot_name}={kind}", pairs, slot_name)

    def numbers(self, list_name: str, slot_name: str, body: Mapping[str, Any]) -> str:
        """A range, as number words; `fractions: halves` also has the tenths that a thermostat shows."""
        key = f"{slot_name}#{list_name}"
        if (known := self.known(key)) is not None:
            return known
        pieces = Pieces()
        ways = []
        start, stop, step = int(body["from"]), int(body["to"]), int(body.get("step", 1))
        multiplier, before = body.get("multiplier", 1), str(body.get("before", "")).split()
        numbers: list[float] = list(range(start, stop + 1, step))
        if body.get("fractions"):
            numbers += [n + 0.5 for n in range(start, stop, step)]
        for number in numbers:
            value = number * multiplier
            end = pieces.end(End((slot(slot_name, int(value) if value == int(value) else value),)))
            ways += [pieces.words((*before, *way.split()), end) for way in number_variants(number)]
        return self.add(key, pieces, pieces.union(ways))

    def texts(self, list_name: str, slot_name: str, body: Mapping[str, Any]) -> str:
        """A list of templates with values; of the device classes only those that this house has."""
        key = f"{slot_name}:{list_name}"
        if (known := self.known(key)) is not None:
            return known
        pieces = Pieces()
        compiler = Compiler(pieces, dict(data.grammar().rules), lambda _list, _slot: None)
        ways = []
        for template, value in data.list_values(body):
            if slot_name == "device_class" and value not in self.classes:
                continue
            end = pieces.end(End((slot(slot_name, value),)))
            ways.append(compiler.compile(parse_sentence(template).expression, pieces.node([(" ", end)])))
        return self.add(key, pieces, pieces.union(ways))

    def resolve(self, list_name: str, slot_name: str, domains: tuple[str, ...]) -> Into | None:
        """Where {list_name:slot_name} leads in this house."""
        if list_name == "name":
            key = self.names(slot_name, domains)
        elif list_name in {"area", "floor"}:
            key = self.places(list_name, slot_name)
        elif list_name == "option":
            options = dict.fromkeys(o.casefold() for e in self.home.entities for o in e.options)
            key = self.values(f"{slot_name}=option", [(o, o) for o in options], slot_name)
        elif list_name in self.own:
            key = self.values(
                f"{slot_name}:{list_name}@home", [(v, v.casefold()) for v in self.own[list_name]], slot_name
            )
        else:
            body = self.lists.get(list_name)
            if body is None:
                raise ImpossibleError(f"no list {{{list_name}}}")
            if body.get("wildcard"):
                return Into(open_words=OPEN_WORDS, marks=(Mark(MarkKind.CAPTURE, slot_name),), cost=OPEN_COST)
            if "range" in body:
                key = self.numbers(list_name, slot_name, body["range"])
            else:
                key = self.texts(list_name, slot_name, body)
        return Into(sub=key) if key else None


def _usable(template: data.Template, subs: _Subs) -> bool:
    """Whether this house has what the template speaks of."""
    needed = data.needed_domains(template.intent)
    owner = template.slots.get("domain")
    if template.intent == "HassGetState" and owner == "cover":
        return not subs.domains.isdisjoint(("cover", "binary_sensor"))  # a window tells by its sensor, too
    if template.intent in {"HassOpenCover", "HassCloseCover", "HassSetPosition"}:
        needed = ("cover", "valve")
    elif template.intent in {"HassLock", "HassUnlock"}:
        needed = ("lock",)
    return (
        (not needed or not subs.domains.isdisjoint(needed))
        and (not template.domains or not subs.domains.isdisjoint(template.domains))
        and (not owner or owner in subs.domains)
    )


def _shopping(template: data.Template, lists: Sequence[str]) -> data.Template | None:
    """HassShoppingList* becomes HassList* on the house's own shopping list; None where it has none."""
    if not template.intent.startswith("HassShoppingList"):
        return template
    name = next((name for name in lists if "shopping" in name.casefold()), None)
    if name is None:
        return None
    intent = template.intent.replace("Shopping", "")
    return replace(template, intent=intent, slots={**template.slots, "name": name.casefold()})


def _end(template: data.Template) -> End:
    marks = [slot(name, value) for name, value in sorted(template.slots.items())]
    return End((*marks, Mark(MarkKind.CALL, template.intent)), template.cost)


def _commands(home: HomeLike, subs: _Subs) -> tuple[WordGraph, float]:
    grammar = data.grammar()
    pieces = Pieces()
    compilers: dict[tuple[str, ...], Compiler] = {}
    todo = [e.name for e in home.entities if e.domain == "todo"]
    roots = []

    def compiler(domains: tuple[str, ...]) -> Compiler:
        key = tuple(sorted(set(domains) & subs.domains))
        if key not in compilers:
            rules = dict(grammar.rules)
            compilers[key] = Compiler(
                pieces, rules, lambda list_name, slot_name: subs.resolve(list_name, slot_name, key)
            )
        return compilers[key]

    for template in grammar.templates:
        made = _shopping(template, todo)
        if made is None or not _usable(made, subs):
            continue
        roots.append(compiler(made.domains).compile(made.expression, pieces.end(_end(made))))
    for own in home.sentences:
        for text in own.templates:
            made = data.own_template(own.intent, text)
            roots.append(compiler(()).compile(made.expression, pieces.end(_end(made))))
    return minimal(pieces, pieces.union(roots), lambda sub: subs.costs.get(sub, 0.0))


def _phrases(phrases: Iterable[str], *marks: Mark) -> WordGraph:
    pieces = Pieces()
    ways = [pieces.words(phrase.split(), pieces.end(End(marks))) for phrase in phrases]
    return minimal(pieces, pieces.union(ways))[0]


def _these(subs: _Subs, intent: str, templates: Sequence[str]) -> WordGraph:
    """A thing or a place that is told to the call before it (dialogue.py)."""
    pieces = Pieces()
    compiler = Compiler(pieces, dict(data.grammar().rules), lambda name, slot_name: subs.resolve(name, slot_name, ()))
    end = pieces.end(End((Mark(MarkKind.CALL, intent),)))
    ways = [compiler.compile(parse_sentence(text).expression, end) for text in templates]
    return minimal(pieces, pieces.union(ways), lambda sub: subs.costs.get(sub, 0.0))[0]


def word_graph(home: HomeLike) -> WordGraph:
    """Everything that can be said to this house. Start node 0; politeness around the commands is optional.

    Another command after "and" is a way back to the beginning of the commands, so it costs no nodes.
    """
    subs = _Subs(home)
    commands, cost = _commands(home, subs)
    if not commands.finals:
        return WordGraph(0, ((),), frozenset(), {})
    graphs = {
        "commands": commands,
        "polite front": _phrases(POLITE_FRONT),
        "polite back": _phrases(POLITE_BACK),
        "and": _phrases(AND),
        "or": _phrases(("and", "or")),
        "except": _phrases(EXCEPT_WORDS),
        "follow up": _phrases(FOLLOW_UP),
        "no": _phrases(NO, Mark(MarkKind.CALL, UNDO)),
        "i meant": _phrases(I_MEANT, Mark(MarkKind.CALL, UNDO)),
        "also this": _these(subs, ALSO, everyday.ALSO),
        "except this": _these(subs, EXCEPT, everyday.EXCEPT),
    }
    start, command, done, thanked, more, left_out, left, follow_up = range(8)
    arcs: dict[int, list[Arc]] = {
        start: [
            Arc(command, sub="polite front", cost=POLITE_COST),
            Arc(command),
            Arc(command, sub="i meant", cost=FOLLOW_UP_COST),
        ],
        command: [Arc(done, sub="commands", cost=cost)],
        done: [Arc(thanked, sub="polite back", cost=POLITE_COST), Arc(more, sub="and", cost=AND_COST)],
        thanked: [],
        more: [Arc(command, sub="polite front", cost=POLITE_COST), Arc(command)],
        left_out: [],
        left: [Arc(thanked, sub="polite back", cost=POLITE_COST), Arc(more, sub="and", cost=AND_COST)],
    }
    if graphs["also this"].finals:
        arcs[start] += [Arc(follow_up, sub=words, cost=FOLLOW_UP_COST) for words in ("follow up", "no")]
        arcs[follow_up] = [Arc(done, sub="also this")]
        arcs[more].append(Arc(done, sub="also this"))
        arcs[done].append(Arc(left_out, sub="except", cost=AND_COST))
        arcs[left_out].append(Arc(left, sub="except this"))
        arcs[left].append(Arc(left_out, sub="or", cost=POLITE_COST))
    finals = frozenset([done, thanked, left])
    used = {arc.sub for row in arcs.values() for arc in row}
    kept = {name: graph for name, graph in graphs.items() if name in used}
    return WordGraph(start, tuple(tuple(arcs.get(n, ())) for n in range(8)), finals, kept | subs.graphs)


def stop_graph() -> WordGraph:
    """What silences a ring: the only words that are listened to without a wake word."""
    subs, pieces = _Subs(_NOTHING), Pieces()
    compiler = Compiler(pieces, dict(data.grammar().rules), lambda name, slot_name: subs.resolve(name, slot_name, ()))
    ways = [compiler.compile(t.expression, pieces.end(_end(t))) for t in data.stopping()]
    graph, _ = minimal(pieces, pieces.union(ways), lambda sub: subs.costs.get(sub, 0.0))
    return replace(graph, subs=subs.graphs)


def code_graph() -> WordGraph:
    """A one-time code: exactly two digits, spoken one by one ("four seven"; "oh" is zero)."""
    digits = [*((word, str(n)) for n, word in enumerate(_DIGITS)), ("oh", "0"), ("o", "0")]
    first = tuple(Arc(1, word=word, marks=(slot("first", digit),)) for word, digit in digits)
    second = tuple(Arc(2, word=word, marks=(slot("second", digit),)) for word, digit in digits)
    return WordGraph(0, (first, second, (Arc(3, marks=(Mark(MarkKind.CALL, CODE_INTENT),)),), ()), frozenset([3]))


_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def faults(home: HomeLike) -> tuple[str, ...]:
    """What is wrong with the owner's own sentences, a line each."""
    subs = _Subs(home)
    found = []
    for own in home.sentences:
        for text in own.templates:
            pieces = Pieces()
            try:
                template = data.own_template(own.intent, text)
                compiler = Compiler(
                    pieces,
                    dict(data.grammar().rules),
                    lambda list_name, slot_name: subs.resolve(list_name, slot_name, ()),
                )
                if compiler.compile(template.expression, pieces.end(End(()))) == 0:
                    found.append(f"sentence {text!r} of {own.intent} can never be said: a list in it is empty")
            except (ImpossibleError, ParseError) as error:
                found.append(f"sentence {text!r} of {own.intent}: {error}")
    return tuple(found)
