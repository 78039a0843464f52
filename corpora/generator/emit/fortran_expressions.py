"""Expressions of the AST as Fortran: one-based subscripts, logicals apart from integers, intrinsics
of one kind.

Contract: `FortranExpressions` gives text with the value that C gives. What Fortran cannot say
without changing the value (unsigned arithmetic, pointers to pointers, a guarded branch inside an
expression) raises `InexpressibleError`.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 0)).programs['fortran'].text)"
"""

from __future__ import annotations

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Parameter
from corpora.generator.core.shapes import make_flat_index

_OPERATORS = {"&&": ".and.", "||": ".or.", "!=": "/="}
_RANK = {"*": 8, "/": 8, "+": 7, "-": 7, "&&": 3, "||": 2}
_BITS = {"&": "iand", "|": "ior", "^": "ieor", "<<": "ishft", ">>": "ishft"}
_INTRINSICS = {"fabs": "abs", "fmax": "max", "fmin": "min", "fmod": "mod"}
_KNOWN = frozenset(
    "sqrt exp log log10 sin cos tan asin acos atan atan2 sinh cosh tanh abs floor ceil max "
    "min erf erfc hypot mod sign".split()
)
_OF_INTEGERS = frozenset("abs max min mod sign".split())
_CONVERT = {"f32": "real({0})", "f64": "dble({0})", "i32": "int({0})", "i64": "int({0}, 8)"}
_WIDTH = {"i32": 0, "i64": 1, "f32": 2, "f64": 3}


HUGE = {
    "3.4028235e38f": "huge(1.0)",
    "1.7976931348623157e308": "huge(1.0d0)",
    "2147483647": "huge(1)",
}


class InexpressibleError(Exception):
    """Raised when Fortran cannot express a generated computation. The message, if any, says what,
    such as `unsigned arithmetic`.
    """


class FortranExpressions:
    """Writes expressions of a nest, a generated computation, as Fortran.

    parameters: by name. types: element type of every variable and array by name. flat: names of
        arrays with one dimension in Fortran. one_based: names of loop variables that are one higher
        than in C.
    base: the first subscript of every array, 0 or 1, but for those in `from_zero`, which begin at
        0. squares: `x * x` is `x**2`. as_written: whole sums keep the order of their summands.
        cells: arrays of one element that are scalars in Fortran. views: (array, offset) by the name
        of a pointer into a row.
    sections: what writes array elements instead, inside a SectionWriting; else None. whole: gets
        the arrays that stand as a whole or as sections.
    """

    def __init__(
        self,
        parameters: dict[str, Parameter],
        types: dict[str, str],
        flat: set[str],
        one_based: set[str],
    ) -> None:
        self.parameters, self.types, self.flat, self.one_based = parameters, types, flat, one_based
        self.views: dict[str, tuple[str, tuple]] = {}
        self.base, self.squares, self.as_written = 1, False, False
        self.cells: frozenset[str] = frozenset()
        self.from_zero: frozenset[str] = frozenset()
        """Arrays that begin at 0 whatever `base` says."""
        self.whole: set[str] = set()
        self.sections = None

    def value(self, node: tuple, rank: int = 0) -> str:
        """Return the Fortran text of an expression as a number; a comparison becomes 1 or 0. It
        stands in brackets if its operator binds weaker than `rank`, such as 7 for `+` and 8 for
        `*`; 0: never.

        Raises InexpressibleError if Fortran cannot express it.
        """
        if self.type(node) == "bool":
            return f"merge(1, 0, {self.condition(node)})"
        return self._number(node, rank)

    def type(self, node: tuple) -> str:
        """Return the element type of an expression of the nest, such as `f32`; `bool` for
        comparisons. Raises KeyError for a name without a known type.
        """
        return ast.infer_type(node, self.types)

    def condition(self, node: tuple, rank: int = 0) -> str:
        """Return the Fortran text of `node`, an expression of the nest, used as a condition. It
        stands in brackets if its outermost operator has a lower precedence than `rank`, such as 2
        for `.or.` and 3 for `.and.`; 0: never. An expression that is a number is compared with
        zero.

        Raises InexpressibleError if Fortran cannot express the condition.
        """
        kind = type(node)
        if ast.is_paren(node):
            return f"({self.condition(node.operand)})"
        if kind is ir.Unary and node.op == "!":
            return f".not. ({self.condition(node.operand)})"
        if self.type(node) != "bool":
            text = f"{self._number(node, 5)} /= 0"
        elif node.op == "&&!":
            raise InexpressibleError("short-circuit evaluation")
        elif node.op in ast.LOGICAL:
            own = _RANK[node.op]
            left, right = self.condition(node.left, own), self.condition(node.right, own)
            text = f"{left} {_OPERATORS[node.op]} {right}"
            return f"({text})" if own < rank else text
        else:
            left, right = self.value(node.left, 6), self.value(node.right, 6)
            text = f"{left} {_OPERATORS.get(node.op, node.op)} {right}"
        return text

    def linear(self, node: tuple, bonus: int = 0) -> str:
        """Return the Fortran text of a whole-number sum plus `bonus`, with its constants folded
        into one. Loop variables that count from one in Fortran are taken one lower.

        node: an expression of the nest. Raises InexpressibleError if Fortran cannot express it.
        """
        terms: list[tuple[int, tuple | str]] = []
        constant = bonus + self._terms(node, 1, terms)
        terms.sort(key=lambda term: -term[0])
        text = ""
        for sign, term in terms:
            piece = term if isinstance(term, str) else self._number(term, 8)
            begun = f"{text} {'+' if sign > 0 else '-'} " if text else "-" * (sign < 0)
            text = begun + piece
        if not text:
            return str(constant)
        if constant and text.startswith("-") and constant > 0:
            return f"{constant} - {text[1:]}"
        return f"{text} {'+' if constant > 0 else '-'} {abs(constant)}" if constant else text

    def _terms(self, node: tuple, sign: int, terms: list) -> int:
        """Collect the summands of a sum; returns their constant part."""
        kind = type(node)
        if ast.is_paren(node):
            return self._terms(node.operand, sign, terms)
        if kind is ir.Literal:
            return sign * int(node.text)
        if kind is ir.Unary and node.op == "-":
            return self._terms(node.operand, -sign, terms)
        if kind is ir.Binary and node.op in "+-":
            left = self._terms(node.left, sign, terms)
            return left + self._terms(node.right, sign if node.op == "+" else -sign, terms)
        if kind is ir.Name and node.id in self.one_based:
            terms.append((sign, node.id))
            return -sign
        terms.append((sign, node))
        return 0

    def converted(self, node: tuple, wanted: str) -> str:
        """Return the Fortran text of the expression `node` of the nest, converted to the element
        type `wanted`, such as `f32`.

        Raises InexpressibleError if Fortran cannot express the value or lacks the type.
        """
        have = self.type(node)
        if have == wanted:
            return self._number(node, 0)
        if have == "bool":
            return self.converted_text(self.value(node), "i32", wanted)
        if type(node) is ir.Literal and have == "i32" and wanted in ("f32", "f64"):
            return node.text + (".0" if wanted == "f32" else ".0d0")
        if type(node) is ir.Literal and (have, wanted) == ("f64", "f32"):
            return format_literal(ir.Literal(node.text, "f32"))
        return self.converted_text(self._number(node, 0), have, wanted)

    @staticmethod
    def converted_text(text: str, have: str, wanted: str) -> str:
        """Return the Fortran text of a value converted to the element type `wanted`. text: the
        value in Fortran. have: its element type, such as `i32`. Raises InexpressibleError for a
        type that Fortran lacks.
        """
        if wanted not in _CONVERT:
            raise InexpressibleError(f"type {wanted}")
        return text if have == wanted else _CONVERT[wanted].format(text)

    def _number(self, node: tuple, rank: int) -> str:
        kind = type(node)
        if kind is ir.Name:
            if node.id not in self.one_based:
                return node.id
            return f"({node.id} - 1)" if rank > 6 else f"{node.id} - 1"
        if kind is ir.Literal:
            return format_literal(node)
        if kind is ir.Access:
            return self.element(node)
        if ast.is_paren(node):
            return f"({self.value(node.operand)})"
        if kind is ir.Binary:
            return self._binary(node, rank)
        if kind is ir.Unary:
            if node.op == "~":
                return f"not({self._number(node.operand, 0)})"
            text = f"-{self._number(node.operand, 8)}"
            return f"({text})" if rank > 0 else text
        if kind is ir.Cast:
            return self._cast(node)
        if kind is ir.Call:
            return self._call(node, rank)
        if kind is ir.Increment:
            raise InexpressibleError("an increment inside an expression")
        if ast.is_guarded(node):
            raise InexpressibleError("a guarded conditional inside an expression")
        wanted = self._common((node.then, node.otherwise))
        then, other = self.converted(node.then, wanted), self.converted(node.otherwise, wanted)
        return f"merge({then}, {other}, {self.condition(node.test)})"

    def _common(self, nodes: tuple) -> str:
        """The widest type of several values."""
        kinds = ["i32" if (k := self.type(n)) == "bool" else k for n in nodes]
        if any(kind not in _WIDTH for kind in kinds):
            raise InexpressibleError("unsigned arithmetic")
        return max(kinds, key=_WIDTH.__getitem__)

    def _binary(self, node: ir.Binary, rank: int) -> str:
        op = node.op
        if op in _BITS or op == "%":
            wanted = self._common((node.left, node.right))
            name = "mod" if op == "%" else _BITS[op]
            sign = "-" if op == ">>" else ""  # what shifts right is not negative here
            right = self.converted(node.right, wanted)
            right = f"{sign}({right})" if sign and type(node.right) is ir.Binary else sign + right
            return f"{name}({self.converted(node.left, wanted)}, {right})"
        closed = type(node.left) in (ir.Access, ir.Name) or ast.is_paren(node.left)
        if op == "*" and self.squares and node.left == node.right and closed:
            text = f"{self.value(node.left, 10)}**2"
            return f"({text})" if rank > 8 else text
        own = _RANK[op]
        whole = op in "+-" and not self.as_written and self.type(node) in ("i32", "i64")
        if whole and not self._holds_logical(node):
            text = self.linear(node)
        else:
            right_rank = own + 1 if op in "-/" or type(node.right) is ir.Binary else own
            text = f"{self.value(node.left, own)} {op} {self.value(node.right, right_rank)}"
        return f"({text})" if own < rank else text

    def _holds_logical(self, node: tuple) -> bool:
        if type(node) is ir.Binary and node.op in "+-":
            return self._holds_logical(node.left) or self._holds_logical(node.right)
        return self.type(node) == "bool"

    def first(self, array: str) -> int:
        """Return the lower bound in Fortran, 0 or 1, of the array named `array`."""
        return 0 if array in self.from_zero else self.base

    def element(self, node: ir.Access) -> str:
        """Return the Fortran text of the array element `node`, with subscripts in Fortran's order,
        the reverse of C's, and from the array's first position. Raises InexpressibleError if a
        subscript cannot be expressed.
        """
        if node.base.id in self.cells:
            return node.base.id
        if self.sections is not None:
            return self.sections.element(node)
        array, subscripts = node.base.id, node.indices
        if array in self.views:
            array, offset = self.views[array]
            subscripts = (ast.add(offset, subscripts[0]),)
        parameter = self.parameters[array]
        if len(subscripts) > 1 and array in self.flat:
            subscripts = (make_flat_index(subscripts, parameter.extents, "i*m+j"),)
        texts = [self.linear(s, self.first(array)) for s in reversed(subscripts)]
        return f"{array}({', '.join(texts)})"

    def _cast(self, node: ir.Cast) -> str:
        if self.type(node.operand) == "bool":
            return self.converted_text(self.value(node.operand), "i32", node.type.name)
        if node.type.name not in _CONVERT:
            raise InexpressibleError(f"cast to {node.type.name}")
        return _CONVERT[node.type.name].format(self._number(node.operand, 0))

    def _call(self, node: ir.Call, rank: int) -> str:
        base = node.function.id
        kind = self.type(node)
        if base.endswith("f") and base != "erf":
            base = base[:-1]
        name = _INTRINSICS.get(base, base)
        if name == "pow":
            text = f"{self._number(node.arguments[0], 10)} ** {self._number(node.arguments[1], 10)}"
            return f"({text})" if rank > 8 else text
        if name not in _KNOWN:
            raise InexpressibleError(f"function {name}")
        if kind not in ("f32", "f64") and name not in _OF_INTEGERS:
            kind = "f64"
        texts = ", ".join([self.converted(a, kind) for a in node.arguments])
        if name in ("floor", "ceil"):
            return _CONVERT[kind].format(f"{'floor' if name == 'floor' else 'ceiling'}({texts})")
        return f"{name}({texts})"


def format_literal(node: ir.Literal) -> str:
    """Return a constant in Fortran's spelling; a double gets its `d`, as `1.5d0`, and largest
    values become `huge(...)`.
    """
    if node.text in HUGE:
        return HUGE[node.text]
    if node.type in ("i32", "i64"):
        return node.text.rstrip("lL")
    text = node.text.rstrip("f")
    if node.type == "f32":
        return text
    return text.replace("e", "d") if "e" in text else text + "d0"
