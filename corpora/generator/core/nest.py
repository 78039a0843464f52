"""What one generated computation is before it is written in a dialect: parameters, parallel loops,
bodies, style.

Contract: a `Nest` says what is computed; a `Style` says how the author likes to write it. Emitters
read both and change neither. Iterations of the axes of one region are independent except for
`atomic` assignments and `reduction`.

    python -c "from corpora.generator.core.nest import Style; print(Style())"
"""

from __future__ import annotations

from dataclasses import dataclass, field

from corpora.generator.emit.fortran_forms import FortranForm


@dataclass(slots=True)
class Parameter:
    """A parameter of a generated function.

    name, type: its name and element type, such as `f32`.
    kind: `scalar`, `array`, `rows` (`T **`) or `fixed` (`T a[][C]`).
    extents: expression nodes, outermost first; several of an `array` are flattened row-major in C;
        () for a scalar.
    fill: rule for the values of an array in tests, such as `uniform(-2,2)`. values: for a scalar,
        those that tests choose from; else ().
    written: the function writes it. overwritten: every element is written before it is read.
        unsized: it is spelled `T a[]` in C.
    same: the name of the scalar whose value it repeats; '' for none.
    """

    name: str
    kind: str
    type: str
    extents: tuple = ()
    fill: str = ""
    values: tuple = ()
    written: bool = False
    overwritten: bool = False
    unsized: bool = False
    same: str = ""


@dataclass(frozen=True, slots=True)
class Structure:
    """Parameters that C texts take as the fields of one structure.

    type, owner: names of the structure and its parameter. passing: `value`, `reference`, `pointer`
        (to one) or `array`; `copy` is a kernel's value for one of the others.
    fields: (name of the field, name of the parameter), in the structure's order. definition: its C
        text, with a line break at its end.
    points: some fields are pointers to the parameters' arrays. constant: nothing of it is written.
        builtin: CUDA knows the type, such as `float4`, so that only other texts need the
        definition.
    """

    type: str
    owner: str
    passing: str
    fields: tuple[tuple[str, str], ...]
    definition: str
    points: bool = False
    constant: bool = True
    builtin: bool = False


@dataclass(slots=True)
class Axis:
    """One parallel loop: `for (variable = start; variable < stop; variable += step)`.

    variable: its name. start, stop: expression nodes. step: at least 1.
    inclusive: the test is `<=`. down: serial texts count down. shown: the test that serial C++ and
        CUDA write instead, such as `i + m <= n`, as an expression node, and the start is then 0;
        None: they write the plain one.
    """

    variable: str
    start: tuple
    stop: tuple
    inclusive: bool = False
    step: int = 1
    down: bool = False
    shown: tuple | None = None


@dataclass(slots=True)
class Region:
    """Perfectly nested parallel loops round one body.

    axes: outermost first. body: statement nodes. reduction: (operator, variable) of local
        accumulators that iterations share, several variables with commas; None for none.
    copied: (target, source), the names of two arrays of one size: after the loops the target
        becomes a copy of the source; None for no copy.
    """

    axes: tuple[Axis, ...]
    body: tuple
    reduction: tuple[str, str] | None = None
    copied: tuple[str, str] | None = None


@dataclass(slots=True)
class Nest:
    """One generated computation, before it is written in a dialect.

    regions: the parallel loops, in order. before, first, after: statements round them; `first` are
        stores before the only parallel loop that one thread does and no iteration reads.
        before_first: `before` stands ahead of the variables that are declared at the top.
    parameters: in order. types: element type of every parameter and local, by name; None where not
        yet known. index_type: of loop variables.
    result: element type of the returned value; None for none. kernel: a void kernel with the same
        parameters exists. sequential: one thread runs it all; there is one region without axes and
        no OpenMP version.
    buffers: arrays that the function itself allocates, before the loops, and frees. allocation:
        `calloc`, `malloc` or `new`, the first two perhaps with ` uncast` behind, for no conversion.
    repeated: (variable, count as an expression) of a sequential loop round all regions, such as
        time steps; None for none.
    structures: parameters that are handed over as one. vectors: names of the arrays that are
        `std::vector` to all but kernels. length: (size, vector), the names of a size that only
        kernels take and of the vector that knows it; None for none.
    c_only: it holds something that Fortran cannot express. early, hoist, apart: what `Style` must
        have there; None, or False for `apart`: drawn.
    """

    regions: list[Region]
    parameters: list[Parameter] = field(default_factory=list)
    before: tuple = ()
    after: tuple = ()
    result: str | None = None
    kernel: bool = True
    sequential: bool = False
    index_type: str = "i32"
    types: dict[str, str] | None = None
    first: tuple = ()
    early: bool | None = None
    hoist: bool | None = None
    apart: bool = False
    before_first: bool = False
    buffers: tuple[Parameter, ...] = ()
    allocation: str = "calloc"
    repeated: tuple[str, tuple] | None = None
    c_only: bool = False
    structures: tuple[Structure, ...] = ()
    vectors: frozenset[str] = frozenset()
    length: tuple[str, str] | None = None

    @classmethod
    def of(cls, axes: Axis | tuple[Axis, ...], body: tuple, **more: object) -> Nest:
        """Return a nest of one region, not yet named. axes: its parallel loops, outermost first.
        body: the statements inside. more: other fields of Nest.
        """
        return cls([Region(axes if type(axes) is tuple else (axes,), body)], **more)


@dataclass(slots=True)
class Style:
    """How the author of a generated program writes. It is drawn once per computation and used by
    every dialect.

    names: of the serial function and the kernel. words: C's spelling of every element type; None:
        the usual ones. braces: they stand round single statements. parens: extra brackets round
        operands. increment: `i++`, `++i` or `i += 1`. compound: `+=` is used. serial_loop: `for` or
        `while`. functional_cast: casts are `T(x)`.
    early: loop variables are declared at the top. hoist: locals are. apart: each has a statement of
        its own. order: 0 for that of appearance, else draws another. merge: neighbouring
        declarations of one type share a statement.
    const_scalars, const_arrays, const_pointers: where `const` is written. restrict: pointers are
        `restrict`. flatten: spelling of flat positions, `i*m+j`, `j+i*m`, `m*i+j` or `horner`.
        deref: single elements are `*a`. pointers: elements are `*(a + i)`.
    guard: how a kernel's thread skips indices that are too large: by `if`, an early `return`, or a
        loop (`stride`, `stride-named`, `while`, `thread`). guard_parens: tests of it are in
        brackets. index: number of the spelling of thread indices. swap_xy: the innermost loop is x.
        linear: several loop variables are computed from one thread index. block_rows: a block takes
        a row. shared_sum: sums use shared memory.
    schedule: OpenMP's, such as `guided`; '' for none. simd: `parallel for simd`. split_pragma:
        `parallel` and `for` are two directives.
    fortran: how Fortran texts look. fortran_flat: arrays have one dimension there. one_based: C
        texts hold the values of the Fortran text, loop variables included. cells: arrays of one
        element that Fortran has as scalars. from_zero: arrays that begin at 0 in Fortran.
    """

    braces: bool = True
    increment: str = "i++"
    early: bool = False
    hoist: bool = False
    apart: bool = False
    order: int = 0
    serial_loop: str = "for"
    guard: str = "if"
    index: int = 0
    flatten: str = "i*m+j"
    deref: bool = False
    pointers: bool = False
    merge: bool = False
    swap_xy: bool = False
    linear: bool = False
    block_rows: bool = False
    const_scalars: bool = False
    const_arrays: bool = True
    const_pointers: bool = False
    parens: bool = False
    guard_parens: bool = False
    restrict: bool = False
    compound: bool = True
    words: dict[str, str] | None = None
    names: tuple[str, str] = ("f", "f")
    schedule: str = ""
    simd: bool = False
    split_pragma: bool = False
    fortran_flat: bool = False
    fortran: FortranForm = FortranForm()
    functional_cast: bool = False
    shared_sum: bool = False
    one_based: bool = False
    cells: frozenset[str] = frozenset()
    from_zero: frozenset[str] = frozenset()
