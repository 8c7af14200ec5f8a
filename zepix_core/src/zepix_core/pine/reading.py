"""Going through a script statement by statement: which texts its names hold, which alerts it sends."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import attrs

from zepix_core.pine.evaluation import Bound, Evaluator, Names, syntax_fault
from zepix_core.pine.expression import Broken, Call, Node, Opaque, parse_expression
from zepix_core.pine.messages import messages, sender
from zepix_core.pine.parts import Hole, Way, Ways, distinct, join, under
from zepix_core.pine.script import Line, Script, Token

_SETS = frozenset({"=", ":=", "+=", "-=", "*=", "/=", "%="})
_LOOPS = frozenset({"for", "while"})
_SKIPPED = frozenset({"import", "type", "enum"})
_MOST_CALLS = 8
_MOST_STEPS = 20_000


@attrs.frozen
class Sent:
    """A call that sends a message, with every text the message can be."""

    call: str
    at: int
    ways: Ways


@attrs.frozen
class _Function:
    name: str
    parameters: tuple[tuple[str, tuple[Token, ...]], ...]
    inline: tuple[Token, ...]
    body: tuple[Line, ...]


@attrs.frozen
class _Branch:
    given: Mapping[str, object]
    inline: tuple[Token, ...]
    body: tuple[Line, ...]


def read_alerts(script: Script) -> list[Sent]:
    """Every call that sends a message. What a ``var`` holds when a bar ends it holds when
    the next begins, so the script is read twice."""
    first = Reader(script, {})
    first.read()
    kept = {name: first.top.values[name].ways for name in first.lasting if name in first.top.values}
    return Reader(script, kept).read()


class Reader:
    """Reads one script; `sent` holds what was found.

    Args:
        kept: What its ``var`` names hold from the bar before.
    """

    def __init__(self, script: Script, kept: Mapping[str, Ways]) -> None:
        self.script, self.kept = script, kept
        self.lasting: set[str] = set()
        self.sent: list[Sent] = []
        self.functions: dict[str, _Function] = {}
        self.called: set[str] = set()
        self.top = Names({})
        self.path: dict[str, object] = {}
        self.serials = itertools.count(1)
        self.running: list[str] = []
        self.steps = 0
        self.evaluator = Evaluator(script.source, self._call)

    def read(self) -> list[Sent]:
        """Go through the whole script. A function that nobody calls is gone through by itself."""
        self._block(self.script.lines, self.top)
        for function in list(self.functions.values()):
            if function.name not in self.called:
                self._run(function, {}, function.inline[0].at if function.inline else 0)
        return self.sent

    def _block(self, lines: Sequence[Line], names: Names) -> Ways:
        """Carry out statements; the value of the last one."""
        value: Ways = ()
        lines, at = list(lines), 0
        while at < len(lines):
            end = at + 1
            while end < len(lines) and lines[end].tokens[0].text == "else":
                end += 1
            value = self._statement(lines[at], lines[at + 1 : end], names)
            at = end
        return value

    def _statement(self, line: Line, others: Sequence[Line], names: Names) -> Ways:
        self.steps += 1
        tokens = line.tokens[1:] if line.tokens[0].text == "export" else line.tokens
        if not tokens or self.steps > _MOST_STEPS or _skipped(tokens):
            return ()
        if tokens[0].text in ("if", "switch") or tokens[0].text in _LOOPS:
            return self._structure(tokens, line.body, others, names)
        function = _function(tokens, line.body)
        if function is not None:
            self.functions[function.name] = function
            return ()
        value: Ways = ()
        pieces = list(_pieces(tokens))
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            value = self._simple(piece, line.body if last else (), others if last else (), names)
        return value

    def _simple(
        self, tokens: tuple[Token, ...], body: tuple[Line, ...], others: Sequence[Line], names: Names
    ) -> Ways:
        place = _assignment(tokens)
        if place is None:
            return self.evaluator.ways(self._expression(tokens), names)
        right, operator = tokens[place + 1 :], tokens[place].text
        value = self._value(right, body, others, names)
        if tokens[place - 1].text == "]":
            for token in tokens[: place - 1]:
                if token.kind == "name":
                    self._set(token.text, self._unknown(token), names, declares=True)
            return value
        target = tokens[place - 1]
        if operator == "+=":
            old = names.find(target.text)
            before = old.ways if old is not None else self._unknown(target)
            words = any(way.words for way in (*before, *value))
            value = join(before, value) if words else self._unknown(target)
        elif operator not in ("=", ":="):
            value = self._unknown(target)
        if tokens[0].text in ("var", "varip") and names is self.top:
            self.lasting.add(target.text)
            value = distinct(
                (*value, *(attrs.evolve(way, given={}) for way in self.kept.get(target.text, ())))
            )
        self._set(target.text, value, names, declares=operator == "=")
        return value

    def _value(
        self, tokens: tuple[Token, ...], body: tuple[Line, ...], others: Sequence[Line], names: Names
    ) -> Ways:
        if not tokens:
            return ()
        if tokens[0].text in ("if", "switch") or tokens[0].text in _LOOPS:
            return self._structure(tokens, body, others, names)
        return self.evaluator.ways(self._expression(tokens), names)

    def _expression(self, tokens: tuple[Token, ...]) -> Node:
        """The tree of an expression; a call in it that sends a message and cannot be read is kept in mind."""
        node = parse_expression(tokens)
        found = sender(tokens) if isinstance(node, Opaque) else None
        inside = node.inside if isinstance(node, Opaque) else ()
        # A quote that is never closed is told about by itself.
        closed = all(token.closed for token in tokens if token.kind == "text")
        if found is not None and closed and not any(inner.at <= found[1] < inner.end for inner in inside):
            call, at = found
            faults = (syntax_fault(node),) if isinstance(node, Broken) else ()
            self.sent.append(Sent(call, at, (Way((Hole(call, "unknown", at, len(call)),), faults=faults),)))
        return node

    def _set(self, name: str, ways: Ways, names: Names, declares: bool) -> None:
        bound = Bound(ways or (), next(self.serials))
        where: Names | None = names
        while not declares and where is not None and name not in where.values:
            where = where.above
        (where or names).values[name] = bound

    def _structure(
        self, tokens: tuple[Token, ...], body: tuple[Line, ...], others: Sequence[Line], names: Names
    ) -> Ways:
        """``if``, ``switch`` and loops: every branch is gone through, and what each leaves is kept."""
        word = tokens[0].text
        if word == "if":
            branches = self._chain(tokens, body, others, names)
        elif word == "switch":
            branches = self._cases(tokens, body, names)
        else:
            branches = [_Branch({f"loop#{tokens[0].at}": True}, (), body), _Branch({}, (), ())]
        before, path = dict(names.values), self.path
        values: list[Way] = []
        left: list[tuple[Mapping[str, object], dict[str, Bound]]] = []
        for branch in branches:
            if any(path.get(key, value) != value for key, value in branch.given.items()):
                continue
            names.values, self.path = dict(before), {**path, **branch.given}
            value = self._value(branch.inline, (), (), names) if branch.inline else ()
            value = self._block(branch.body, names) if branch.body else value
            values += under(value, branch.given)
            left.append((branch.given, names.values))
        names.values, self.path = before, path
        self._merge(before, left, names)
        return distinct(values)

    def _merge(
        self,
        before: dict[str, Bound],
        left: list[tuple[Mapping[str, object], dict[str, Bound]]],
        names: Names,
    ) -> None:
        for name, old in before.items():
            if all(values[name] is old for _, values in left):
                continue
            ways = [way for given, values in left for way in under(values[name].ways, given)]
            names.values[name] = Bound(distinct(ways), next(self.serials))

    def _chain(
        self, tokens: tuple[Token, ...], body: tuple[Line, ...], others: Sequence[Line], names: Names
    ) -> list[_Branch]:
        branches, failed = [], dict[str, object]()
        conditions = [(tokens[1:], body)]
        for line in others:
            rest = line.tokens[1:]
            conditions.append((rest[1:] if rest and rest[0].text == "if" else (), line.body))
        for condition, inner in conditions:
            if not condition:
                branches.append(_Branch(dict(failed), (), inner))
                return branches
            key, known = self.evaluator.truth(self._expression(condition), names)
            if known is not False:
                branches.append(_Branch({**failed, key: True}, (), inner))
            if known is True:
                return branches
            failed[key] = False
        return [*branches, _Branch(failed, (), ())]

    def _cases(self, tokens: tuple[Token, ...], body: tuple[Line, ...], names: Names) -> list[_Branch]:
        subject = tokens[1:]
        key = (
            self.evaluator.truth(parse_expression(subject), names)[0] if subject else f"switch#{tokens[0].at}"
        )
        branches, whole = [], False
        for number, line in enumerate(body):
            arrow = next((at for at, token in enumerate(line.tokens) if token.text == "=>"), None)
            if arrow is None:
                continue
            whole = whole or arrow == 0
            branches.append(_Branch({f"{key} case": number}, line.tokens[arrow + 1 :], line.body))
        return branches if whole else [*branches, _Branch({f"{key} case": -1}, (), ())]

    def _call(self, node: Call, names: Names) -> Ways | None:
        """The script's own functions, and those that send something."""
        found = list(messages(node))
        for call, message in found:
            ways = under(self.evaluator.ways(message, names), self.path)
            self.sent.append(Sent(call, message.at, ways))
        if found:
            # It gives nothing back; its messages are not gone through again.
            for _, argument in node.arguments:
                if all(argument is not message for _, message in found):
                    self.evaluator.ways(argument, names)
            return (Way((Hole(f"{node.name}()", "unknown", node.at, len(node.name)),)),)
        function = self.functions.get(node.name)
        if function is None or len(self.running) >= _MOST_CALLS or function.name in self.running:
            return None  # Pine knows no function that calls itself
        self.called.add(function.name)
        given: dict[str, Ways] = {}
        for number, (key, argument) in enumerate(node.arguments):
            name = key or (function.parameters[number][0] if number < len(function.parameters) else "")
            given[name] = self.evaluator.ways(argument, names)
        return self._run(function, given, node.at)

    def _run(self, function: _Function, given: Mapping[str, Ways], at: int) -> Ways:
        inner = Names({}, self.top)
        for name, default in function.parameters:
            ways = given.get(name)
            if ways is None:
                ways = self._value(default, (), (), inner) or (Way((Hole(name, "unknown", at, 1),)),)
            self._set(name, ways, inner, declares=True)
        self.running.append(function.name)
        if function.inline:
            value = self._statement(Line(0, function.inline), (), inner)
        else:
            value = self._block(function.body, inner)
        self.running.pop()
        return value or (Way((Hole(f"{function.name}()", "unknown", at, len(function.name)),)),)

    def _unknown(self, token: Token) -> Ways:
        return (Way((Hole(token.text, "unknown", token.at, len(token.text)),)),)


def _skipped(tokens: Sequence[Token]) -> bool:
    """A declaration that holds no message: ``import a/b``, ``type name``."""
    return len(tokens) > 1 and tokens[0].text in _SKIPPED and tokens[1].kind == "name"


def _assignment(tokens: Sequence[Token]) -> int | None:
    """The place of the operator that sets a name, outside all brackets."""
    depth = 0
    for place, token in enumerate(tokens):
        if token.kind == "op":
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth == 0 and place > 0 and token.text in _SETS:
                return place
    return None


def _pieces(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
    """Statements on one line, parted by commas outside all brackets."""
    depth, start = 0, 0
    for place, token in enumerate(tokens):
        if token.kind == "op":
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth == 0 and token.text == ",":
                if place > start:
                    yield tokens[start:place]
                start = place + 1
    if tokens[start:]:
        yield tokens[start:]


def _function(tokens: tuple[Token, ...], body: tuple[Line, ...]) -> _Function | None:
    """``name(parameters) => …``"""
    arrow = next((at for at, token in enumerate(tokens) if token.text == "=>"), None)
    start = 1 if tokens[0].text == "method" else 0
    if arrow is None or arrow < start + 3 or tokens[start].kind != "name" or tokens[start + 1].text != "(":
        return None
    parameters = []
    for piece in _pieces(tokens[start + 2 : arrow - 1]):
        place = _assignment(piece)
        named = [token for token in piece[:place] if token.kind == "name"]
        if named:
            parameters.append((named[-1].text, piece[place + 1 :] if place is not None else ()))
    return _Function(tokens[start].text, tuple(parameters), tokens[arrow + 1 :], body)
