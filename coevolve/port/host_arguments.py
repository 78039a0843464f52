"""What a host function hands to its kernel: which data is copied to the device, and each argument.

Contract: `hand_over` pairs the kernel's parameters with the source's as the engine does
(`gpu_runtime.call.binding`). The kernel may take a structure of the source by value or by address,
or its fields apart; every expression is one of the source's own parameters, such as `g.nx`. What
has no such form is a HostFileError that names the user's parameter.

    pytest tests/coevolve/test_host_file.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpora.ir import Function, NamedType
from corpora.records import Parameter, Signature
from corpora.signatures.element_types import split_type
from gpu_runtime.call.binding import Binding, BindingError, bind_parameters


class HostFileError(ValueError):
    """Raised where no host function can be written for a CUDA kernel. Its message says why, in one
    line.
    """


@dataclass(frozen=True, slots=True)
class DeviceCopy:
    """Data of the caller that lies on the device during a call.

    label: what names of variables end in. shown: how the user calls it. address: of the host's
        data. element: one element of it. count: how many elements, as an expression of C++.
    returned: it is copied back.
    """

    label: str
    shown: str
    address: str
    element: str
    count: str
    returned: bool


@dataclass(frozen=True, slots=True)
class HandedOver:
    """All that a host function hands to its kernel.

    copies: the data that goes to the device. arguments: of the kernel, in order, as expressions in
        the host function. structures: statements before the call, which put structures together
        that hold pointers. sizes: by the name of a number in a launch plan, its expression where
        only the kernel's parameters are known.
    """

    copies: tuple[DeviceCopy, ...]
    arguments: tuple[str, ...]
    structures: tuple[str, ...]
    sizes: dict[str, str]


def show_parameter(p: Parameter) -> str:
    """Return a parameter of a flat signature as its user calls it: `g.nx` for `g__nx`."""
    if p.member and p.member.passing == "array":
        return f"{p.member.owner}[].{p.member.path}"
    return spell_value(p)


def spell_value(p: Parameter) -> str:
    """Return a parameter of a flat signature as an expression of C++ in its function. It must not
    be a field of an array of structures.
    """
    if p.member is None:
        return p.name
    arrow = "->" if p.member.passing == "pointer" else "."
    return f"{p.member.owner}{arrow}{p.member.path}"


def bind_kernel(source: Signature, kernel: Signature) -> Binding:
    """Return which parameter of the source each of the kernel's stands for. Raises HostFileError
    if they cannot be paired.
    """
    try:
        bound = bind_parameters(source, kernel)
    except BindingError as error:
        raise HostFileError(f"the kernel takes other parameters than the source: {error}") from None
    for p, i in zip(kernel.parameters, bound.sources, strict=True):
        if i < 0 and not p.member:
            raise HostFileError(f"the kernel takes '{p.name}', which the source does not")
    return bound


def hand_over(
    bound: Binding,
    source: Function,
    kernel: Function,
    types: Sequence[str],
    count: Callable[[Parameter], str],
) -> HandedOver:
    """Return what the host function of `source` hands to `kernel`.

    bound: of their flat signatures. types: of the kernel's parameters as written, in order.
    count: gives the number of elements of a parameter of the source, an array, as an expression of
        C++. What it raises is passed on.
    Raises HostFileError where the kernel takes something that the source's parameters do not give.
    """
    handing = _Handing(bound, source, count, [], [], {})
    arguments = [
        handing.argument(p.name, _type_name(kernel, p.name), type_)
        for p, type_ in zip(kernel.parameters, types, strict=True)
    ]
    return HandedOver(
        tuple(handing.copies), tuple(arguments), tuple(handing.structures), handing.sizes
    )


def _type_name(function: Function, name: str) -> str:
    """The name of the structure that a parameter is of, '' for numbers."""
    shape = next(split_type(p.type) for p in function.parameters if p.name == name)
    base = shape.base if shape else None
    return base.name.removeprefix("::") if isinstance(base, NamedType) else ""


@dataclass(frozen=True, slots=True)
class _Handing:
    """The work of `hand_over`; the last three are filled as arguments are asked for."""

    bound: Binding
    source: Function
    count: Callable[[Parameter], str]
    copies: list[DeviceCopy]
    structures: list[str]
    sizes: dict[str, str]

    def argument(self, name: str, type_name: str, type_: str) -> str:
        """The argument for the kernel's parameter `name`."""
        pairs = [
            (p, self.bound.source.parameters[i] if i >= 0 else None)
            for p, i in zip(self.bound.target.parameters, self.bound.sources, strict=True)
            if name == (p.member.owner if p.member else p.name)
        ]
        if pairs and pairs[0][0].member:
            return self._structure(pairs, type_name, type_)
        taken, given = pairs[0]
        assert given is not None  # bind_kernel
        if taken.kind == "scalar":
            self._note_size(taken, given, name)
            return spell_value(given)
        return f"({type_}){self._copy_numbers(given)}"

    def _note_size(self, taken: Parameter, given: Parameter, text: str) -> None:
        if taken.type[0] in "iu":
            self.sizes[taken.name] = text
            self.sizes.setdefault(given.name, text)

    def _copy_numbers(self, given: Parameter) -> str:
        """The device's copy of an array, or of one number that the function may change."""
        shown, member = show_parameter(given), given.member
        if given.kind == "rows":
            raise HostFileError(f"parameter '{shown}' is an array of pointers to rows")
        if member and member.passing == "array":
            raise HostFileError(f"the kernel takes the structures of '{member.owner}' apart")
        if given.kind == "array" and given.by_reference and not member:
            raise HostFileError(f"parameter '{shown}' is a std::vector or std::array")
        value = spell_value(given)
        if given.kind == "scalar":
            return self._copy(given.name, shown, f"&{value}", value, "1", given.intent != "in")
        count = str(member.count) if member and member.count else self.count(given)
        return self._copy(given.name, shown, value, f"*{value}", count, given.intent != "in")

    def _copy(
        self, label: str, shown: str, address: str, element: str, count: str, returned: bool
    ) -> str:
        self.copies.append(DeviceCopy(label, shown, address, element, count, returned))
        return f"device_{label}"

    def _structure(
        self, pairs: Sequence[tuple[Parameter, Parameter | None]], type_name: str, type_: str
    ) -> str:
        """A structure that the source takes too, by value or by address."""
        given = [p for _, p in pairs if p is not None]
        name = pairs[0][0].member.owner  # type: ignore[union-attr]
        owners = {p.member.owner if p.member else "" for p in given}
        if len(owners) != 1 or "" in owners:
            raise HostFileError(f"the kernel takes a structure '{name}' that the source does not")
        owner = owners.pop()
        if _type_name(self.source, owner) != type_name:
            raise HostFileError(f"the kernel takes '{owner}' as a structure of another type")
        passing, wanted = given[0].member.passing, pairs[0][0].member.passing  # type: ignore
        returned = any(p.intent != "in" for p in given)
        if passing == "array":
            if wanted != "array":
                raise HostFileError(f"the kernel takes one structure of the array '{owner}'")
            count = self.count(given[0])
            return f"({type_}){self._copy(owner, owner, owner, f'*{owner}', count, returned)}"
        whole = f"*{owner}" if passing == "pointer" else owner
        if wanted != "value":
            address = owner if passing == "pointer" else f"&{owner}"
            return f"({type_}){self._copy(owner, owner, address, whole, '1', returned)}"
        for taken, field in pairs:
            if field is not None and taken.kind == "scalar":
                self._note_size(taken, field, f"{name}.{taken.member.path}")  # type: ignore
        pointers = [
            (taken, field) for taken, field in pairs if field is not None and not field.member.count
        ]
        if not pointers:
            return whole
        local = f"device_{owner}"
        self.structures.append(f"{type_name} {local} = {whole};")
        for taken, field in pointers:
            place = f"{local}.{taken.member.path}"  # type: ignore[union-attr]
            self.structures.append(f"{place} = (decltype({place})){self._copy_numbers(field)};")
        return local
