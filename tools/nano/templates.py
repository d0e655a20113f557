"""What is said beside the house's own templates: sentences that homes are taught, codes, answers. (weight, hassil template)"""

CORRECTING = ("no", "no wait", "sorry", "i mean", "uh no", "actually")
"""Between what was begun and what was meant."""

OWN: list[tuple[float, str]] = [
    (3, "{spell}"),
    (2, "{alert}"),
    (
        4,
        "[can i (get|have)|i'd like|i would like|give me|i want|make me|get me|i'll have|may i have|let me get] [a|an|one] {drink}",
    ),
    (3, "{digit} {digit}"),
    (0.7, "{digit} {digit} {digit} [{digit}]"),
    (1.5, "{number_words}"),
    (1, "(yes|no|yes please|no thanks|okay|do it|confirm|stop it|cancel that)"),
]

AMOUNTS = [
    "some",
    "a bit of",
    "a little",
    "a little bit of",
    "a lot of",
    "lots of",
    "plenty of",
    "a dash of",
    "a drop of",
    "extra",
    "no",
]
DRINK = [
    "[{size}] [{shots}] [{roast}] {coffee} [with {milk}] [and {sugar}]",
    "[{size}] {coffee} with {amount} {milk} [and [{amount}] {sugar}]",
    "[{size}] [{roast}] {coffee} with {amount} {sugar} [and [{amount}] {milk}]",
    "[{size}] {coffee} [with {milk} and {sugar}]",
    "{size} {coffee} with [a] {shots} [and {milk}]",
    "{size} {coffee} [with {sugar}] [and {milk}] [{roast}]",
    "{coffee} with {milk} [and [a] {shots}]",
]
DRINK_LISTS: dict[str, list[str]] = {
    "size": [
        "small",
        "medium",
        "large",
        "extra large",
        "tall",
        "eight ounce",
        "twelve ounce",
        "sixteen ounce",
        "twenty ounce",
    ],
    "shots": ["single shot", "double shot", "triple shot", "quadruple shot", "one shot", "two shots", "three shots"],
    "roast": ["light roast", "medium roast", "dark roast"],
    "coffee": [
        "latte",
        "cappuccino",
        "mocha",
        "espresso",
        "americano",
        "flat white",
        "macchiato",
        "cold brew",
        "coffee",
        "caffe latte",
        "cortado",
        "iced coffee",
        "black coffee",
        "tea",
    ],
    "milk": [
        "soy milk",
        "oat milk",
        "whole milk",
        "skim milk",
        "almond milk",
        "cream",
        "milk",
        "two percent milk",
        "half and half",
        "low fat milk",
    ],
    "sugar": [
        "sugar",
        "brown sugar",
        "honey",
        "sweetener",
        "vanilla syrup",
        "two sugars",
        "cane sugar",
    ],
}
