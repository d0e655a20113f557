"""PURE. Value and command templates of MQTT discovery: a small, closed part of Jinja, run by our own interpreter.

Jinja's parser reads them, and only reads. What the tree may hold is listed here: text, output, `if`, `set`, paths into
`value_json`, literals, arithmetic on numbers, comparisons, `and`, `or`, `not`, `a if b else c`, slices, the methods of
`METHODS`, and the filters, functions and tests of `filters.py`. No loops, no other calls, no attributes of objects: a
template takes time and memory in proportion to its own length and its payload's. Anything else is a TemplateError that
names what was not understood; nothing is guessed.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes

from voiced.home.network.filters import (
    FILTERS,
    FUNCTIONS,
    MAX_TEXT_CHARS,
    TESTS,
    UNDEFINED,
    SilentError,
    as_text,
    bounded,
    filtered,
    plain_number,
)

MAX_TEMPLATE_CHARS = 2000
MAX_PAYLOAD_CHARS = 65_536
MAX_DEPTH = 40
METHODS = frozenset(["get", "split"])

_JINJA = Environment(autoescape=False)  # noqa: S701 - it only parses


class TemplateError(ValueError):
    """A template is beyond what is understood; the text says what of it."""


_Scope = dict[str, object]


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was understood."""

    source: str
    body: tuple[nodes.Node, ...]

    def read(self, value: str, more: Mapping[str, object] | None = None) -> str | None:
        """The text that it makes of a payload; None where the payload says nothing about it. Never raises.

        `more` are variables besides `value` and `value_json`.
        """
        scope: _Scope = {"value": value, **(more or {})}
        try:
            scope["value_json"] = json.loads(value) if len(value) <= MAX_PAYLOAD_CHARS else UNDEFINED
        except (ValueError, RecursionError):
            scope["value_json"] = UNDEFINED
        try:
            text = _rendered(self.body, scope).strip()
            text.encode()  # JSON may hold half a character (a lone surrogate), which nobody could pass on
        except (SilentError, UnicodeEncodeError):
            return None
        return text


@lru_cache(4096)
def parse(source: str) -> Template:
    """TemplateError where any of it is not understood."""
    if len(source) > MAX_TEMPLATE_CHARS:
        raise TemplateError(f"longer than {MAX_TEMPLATE_CHARS} characters")
    try:
        tree = _JINJA.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateError(f"not understood: {error.message}") from error
    except RecursionError as error:
        raise TemplateError("nested too deeply") from error
    except (ValueError, OverflowError) as error:  # a number of a thousand digits
        raise TemplateError(f"not understood: {type(error).__name__}") from error
    _check(tree, 0)
    return Template(source, tuple(tree.body))


# --- what may be in it ----------------------------------------------------------------------------------------------

_ARITHMETIC: Mapping[type[nodes.Node], Callable[[float, float], float]] = {
    nodes.Add: operator.add, nodes.Sub: operator.sub, nodes.Mul: operator.mul, nodes.Div: operator.truediv,
    nodes.FloorDiv: operator.floordiv, nodes.Mod: operator.mod,
}  # fmt: skip
_KNOWN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.Assign, nodes.Name, nodes.Const, nodes.Getattr,
    nodes.Getitem, nodes.Call, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.CondExpr, nodes.Neg, nodes.Concat, nodes.Dict, nodes.Pair, nodes.List, nodes.Tuple, nodes.Slice,
    *_ARITHMETIC,
)  # fmt: skip


def _check(node: nodes.Node, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TemplateError("nested too deeply")
    if not isinstance(node, _KNOWN):
        raise TemplateError(f"'{type(node).__name__.lower()}' is not supported")
    match node:
        case nodes.Filter(name=name, kwargs=kwargs, dyn_args=many, dyn_kwargs=more):
            if name not in FILTERS:
                raise TemplateError(f"the filter '{name[:30]}' is not supported")
            if kwargs or many or more or node.node is None:
                raise TemplateError(f"the filter '{name}' with named arguments is not supported")
        case nodes.Test(name=name, args=args) if name not in TESTS or args:
            raise TemplateError(f"the test '{name[:30]}' is not supported")
        case nodes.Call():
            called = node.node
            said = getattr(called, "name", getattr(called, "attr", "?"))
            known = said in METHODS if isinstance(called, nodes.Getattr) else said in FUNCTIONS
            if not known or not 1 <= len(node.args) <= 3:
                raise TemplateError(f"calling '{said[:30]}' is not supported")
            if node.kwargs or node.dyn_args or node.dyn_kwargs:
                raise TemplateError(f"'{said}' with named arguments is not supported")
        case nodes.Assign(target=target) if not isinstance(target, nodes.Name):
            raise TemplateError("'set' of several names is not supported")
    for child in node.iter_child_nodes():
        _check(child, depth + 1)


# --- evaluating -----------------------------------------------------------------------------------------------------


def _rendered(body: Iterable[nodes.Node], scope: _Scope) -> str:
    return bounded("".join(_stated(node, scope) for node in body))


def _stated(node: nodes.Node, scope: _Scope) -> str:
    match node:
        case nodes.Output(nodes=parts):
            return "".join(p.data if isinstance(p, nodes.TemplateData) else as_text(_value(p, scope)) for p in parts)
        case nodes.Assign(target=nodes.Name(name=name), node=value):
            scope[name] = _value(value, scope)
            return ""
        case nodes.If(test=test, body=body, elif_=more, else_=other):
            if _value(test, scope):
                return _rendered(body, scope)
            return _rendered([nodes.If(more[0].test, more[0].body, more[1:], other)] if more else other, scope)
    raise SilentError


def _value(node: nodes.Node | None, scope: _Scope) -> object:
    match node:
        case nodes.Const(value=value):
            return value
        case nodes.Name(name=name):
            return scope.get(name, UNDEFINED)
        case nodes.Getattr(node=of, attr=attr):
            return _at(_value(of, scope), attr)
        case nodes.Getitem(node=of, arg=nodes.Slice(start=start, stop=stop, step=None)):
            return _part(_value(of, scope), *(_value(end, scope) if end else None for end in (start, stop)))
        case nodes.Getitem(node=of, arg=arg):
            return _at(_value(of, scope), _value(arg, scope))
        case nodes.Call(node=nodes.Name(name=name), args=[of, *args]):
            return filtered(name, _value(of, scope), [_value(arg, scope) for arg in args])
        case nodes.Call(node=nodes.Getattr(node=of, attr="split"), args=[by]):
            return _split(_value(of, scope), _value(by, scope))
        case nodes.Call(node=nodes.Getattr(node=of, attr="get"), args=[key, *default]):
            found = _at(_value(of, scope), _value(key, scope))
            return found if found is not UNDEFINED else _value(default[0], scope) if default else None
        case nodes.Filter(node=of, name=name, args=args):
            return filtered(name, _value(of, scope), [_value(arg, scope) for arg in args])
        case nodes.Test(node=of, name=name):
            return TESTS[name](_value(of, scope))
        case nodes.Compare(expr=first, ops=[nodes.Operand(op=sign, expr=second)]):
            return _compared(sign, _value(first, scope), _value(second, scope))
        case nodes.And(left=left, right=right):
            return _value(left, scope) and _value(right, scope)
        case nodes.Or(left=left, right=right):
            return _value(left, scope) or _value(right, scope)
        case nodes.Not(node=of):
            return not _value(of, scope)
        case nodes.CondExpr(test=test, expr1=then, expr2=other):
            chosen = then if _value(test, scope) else other
            return _value(chosen, scope) if chosen is not None else ""
        case nodes.Neg(node=of):
            return -plain_number(_value(of, scope))
        case nodes.BinExpr(left=left, right=right):
            a, b = plain_number(_value(left, scope)), plain_number(_value(right, scope))
            try:
                return _ARITHMETIC[type(node)](a, b)
            except ZeroDivisionError:
                raise SilentError from None
        case nodes.Concat(nodes=parts):
            return bounded("".join(as_text(_value(part, scope)) for part in parts))
        case nodes.Dict(items=pairs):
            return {_key(_value(pair.key, scope)): _value(pair.value, scope) for pair in pairs}
        case nodes.List(items=items) | nodes.Tuple(items=items):
            return [_value(item, scope) for item in items]
    raise SilentError


def _key(value: object) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    raise SilentError


def _at(value: object, key: object) -> object:
    if isinstance(value, dict):
        return value.get(_key(key), UNDEFINED)
    if isinstance(value, list | str) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return UNDEFINED


def _split(value: object, by: object) -> list[str]:
    if not isinstance(value, str) or not isinstance(by, str) or not by or len(value) > MAX_TEXT_CHARS:
        raise SilentError
    return value.split(by)


def _part(value: object, start: object, stop: object) -> object:
    if not isinstance(value, str | list) or not isinstance(start, int | None) or not isinstance(stop, int | None):
        raise SilentError
    return value[start:stop]


def _compared(sign: str, a: object, b: object) -> bool:
    match sign:
        case "eq" | "ne":
            return (a == b) is (sign == "eq")
        case "in" | "notin":
            inside = isinstance(a, str) and a in b if isinstance(b, str) else a in b if isinstance(b, list) else False
            if isinstance(b, dict):
                inside = _key(a) in b
            return inside is (sign == "in")
    order = {"lt": operator.lt, "gt": operator.gt, "lteq": operator.le, "gteq": operator.ge}
    return bool(order[sign](plain_number(a), plain_number(b)))
