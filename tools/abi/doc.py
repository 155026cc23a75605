"""doc: what the comment of a function says, taken apart.

    Do this and that.                        what
    \\param loop  the loop.                   one for each parameter, in order
    \\returns ANYLOOP_OK, ANYLOOP_E_CLOSED.   each code by its name; "as `anyloop_x`" brings that function's codes
    \\thread  loop                            or any; then what else there is to it
    \\owns    takes `x`; gives the future.    takes, copies, retains, gives; "`x` is yours"; "`x`, through `drop`"
    \\since   0.1
"""
import dataclasses
import re

TAGS = ["param", "returns", "thread", "owns", "since"]
VERB = re.compile(r"\b(takes|copies|retains|gives)\b([^;.]*?)(?=\b(?:takes|copies|retains|gives)\b|[;.]|$)")
NAME = re.compile(r"`(\w+)`")


@dataclasses.dataclass
class Doc:
    what: str
    tags: list                 # (kind, name of the parameter or "", text), as they come

    def text(self, kind, name=""):
        return next((text for k, n, text in self.tags if (k, n) == (kind, name)), "")


def lines_of(comment):
    return "\n".join(re.sub(r"^\s*\* ?", "", line).rstrip() for line in (comment or "").split("\n")).strip()


def parse(comment):
    what, *rest = re.split(r"^\\", lines_of(comment), flags=re.M)
    tags = []
    for each in rest:
        kind, *words = each.split() or [""]
        name = words.pop(0) if kind == "param" and words else ""
        tags.append((kind, name, " ".join(words)))
    return Doc(" ".join(what.split()), tags)


def codes(function, docs, seen=()):
    """The codes that \\returns names, in its order, with those of the functions that it refers to."""
    text = docs[function].text("returns")
    never = set(re.findall(r"never (ANYLOOP_E_\w+)", text))
    found = []
    for code, other in re.findall(r"\b(ANYLOOP_(?:OK|E_\w+))\b|(?:\bas|\bcodes of) `(\w+)`", text):
        if code:
            found.append(code)
        elif other in docs and other not in (*seen, function):
            found += codes(other, docs, (*seen, function))
    return [code for code in dict.fromkeys(found) if code not in never]


def ownership(doc):
    """What \\owns says of each parameter, and of the result under "": takes, copies, retains, gives, through drop."""
    text, said = doc.text("owns"), {}
    for name, drop in re.findall(r"`(\w+)`, through `(\w+)`", text):
        said[name] = f"through {drop}"
    for names in re.findall(r"((?:`\w+`(?:,| and)? )+)(?:is|are) yours\b", text):
        said.update(dict.fromkeys(NAME.findall(names), "gives"))
    for verb, of in VERB.findall(text):
        names = NAME.findall(of)
        if not names and verb == "gives" and not of.startswith(" back"):
            names = [""]
        said.update(dict.fromkeys(names, verb))
    return said
