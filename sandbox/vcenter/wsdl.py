"""The WSDL that a vCenter serves at ``/sdk/vimService.wsdl``, made from pyVmomi's type information.

oslo.vmware (Nova's and Cinder's VMware drivers) fetches it at its first connection and builds its
client from it; the simulator has none. pyVmomi knows every type and method of the same API, so the
file (about 3 MB) is generated at set-up instead of being kept in the repository.
"""

from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from pyVmomi import VmomiSupport, vmodl

NAMESPACE = "urn:vim25"
XSD = "http://www.w3.org/2001/XMLSchema"
REFERENCE = "vim25:ManagedObjectReference"
"""How every managed object travels: by type and id."""

NAMES = frozenset({"TypeName", "MethodName", "PropertyPath"})
"""pyVmomi has classes for these; on the wire they are plain strings."""

OWN = frozenset({"dynamicType", "dynamicProperty", "msg"})
"""Properties that pyVmomi adds for itself."""

HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions name="vim25" targetNamespace="{NAMESPACE}" xmlns="http://schemas.xmlsoap.org/wsdl/"
 xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:vim25="{NAMESPACE}" xmlns:xsd="{XSD}">
<types>
<schema targetNamespace="{NAMESPACE}" xmlns="{XSD}" elementFormDefault="qualified">
<complexType name="ManagedObjectReference"><simpleContent><extension base="xsd:string">
<attribute name="type" type="xsd:string"/></extension></simpleContent></complexType>
<complexType name="LocalizedMethodFault"><complexContent><extension base="vim25:DynamicData"><sequence>
<element name="fault" type="vim25:MethodFault"/>
<element name="localizedMessage" type="xsd:string" minOccurs="0"/>
</sequence></extension></complexContent></complexType>
"""

SERVICE = """<service name="VimService"><port name="VimPort" binding="vim25:VimBinding">
<soap:address location="https://localhost/sdk/vimService"/></port></service>
</definitions>
"""


def document() -> str:
    """The WSDL."""
    return "".join(_document())


def _document() -> Iterator[str]:
    data = _types(VmomiSupport.ListDataTypes)
    enums = _types(VmomiSupport.ListEnumTypes)
    methods = sorted(
        {
            info.wsdlName: info
            for managed in _types(VmomiSupport.ListManagedTypes)
            for info in managed._methodInfo.values()
            if _ours(info.version)
        }.items()
    )
    yield HEAD
    for kind in [*data, *enums]:
        yield _array(kind._wsdlName, f"vim25:{kind._wsdlName}")
    yield _array("ManagedObjectReference", REFERENCE)
    for name in ("boolean", "byte", "short", "int", "long", "double", "string", "anyType"):
        yield _array(name, f"xsd:{name}")
    for kind in enums:
        values = "".join(f"<enumeration value={quoteattr(str(value))}/>" for value in kind.values)
        yield (
            f'<simpleType name="{kind._wsdlName}"><restriction base="xsd:string">{values}'
            "</restriction></simpleType>\n"
        )
    for kind in data:
        if kind is not vmodl.LocalizedMethodFault:  # in HEAD: pyVmomi gives it another parent
            yield _complex(kind)
    for name, info in methods:
        parameters = "".join(_element(p.name, p.type, p.flags) for p in info.params)
        yield (
            f'<element name="{name}"><complexType><sequence><element name="_this" type="{REFERENCE}"/>'
            f"{parameters}</sequence></complexType></element>\n"
        )
        result = "" if info.result is type(None) else _element("returnval", info.result, info.resultFlags)
        yield (
            f'<element name="{name}Response"><complexType><sequence>{result}</sequence></complexType>'
            "</element>\n"
        )
    yield "</schema>\n</types>\n"
    names = [name for name, _ in methods]
    for name in names:
        for message, element in (("RequestMsg", name), ("ResponseMsg", name + "Response")):
            yield (
                f'<message name="{name}{message}"><part name="parameters" element="vim25:{element}"/>'
                "</message>\n"
            )
    yield '<portType name="VimPortType">\n'
    for name in names:
        yield (
            f'<operation name="{name}"><input message="vim25:{name}RequestMsg"/>'
            f'<output message="vim25:{name}ResponseMsg"/></operation>\n'
        )
    yield '</portType>\n<binding name="VimBinding" type="vim25:VimPortType">\n'
    yield '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>\n'
    body = '<soap:body use="literal"/>'
    for name in names:
        yield (
            f'<operation name="{name}"><soap:operation soapAction="{NAMESPACE}/8.0.3.0" style="document"/>'
            f"<input>{body}</input><output>{body}</output></operation>\n"
        )
    yield "</binding>\n" + SERVICE


def _types(listing: Callable[[], list[str]]) -> list[Any]:
    """The classes behind one of pyVmomi's listings, those of vCenter's main API only, by name."""
    found = (VmomiSupport.GetVmodlType(name) for name in listing())
    ours = {t._wsdlName: t for t in found if _ours(t._version)}
    return [ours[name] for name in sorted(ours)]


def _ours(version: str) -> bool:
    """Not vSAN's, storage policies' or another service's addition."""
    return bool(VmomiSupport.GetWsdlNamespace(version) == NAMESPACE)


def _complex(kind: type) -> str:
    parent = kind.__bases__[0]
    elements = "".join(
        _element(p.name, p.type, p.flags) for p in vars(kind)["_propList"] if p.name not in OWN
    )
    sequence = f"<sequence>{elements}</sequence>"
    name = VmomiSupport.GetWsdlName(kind)
    if issubclass(parent, VmomiSupport.DataObject) and parent is not VmomiSupport.DataObject:
        base = f"vim25:{VmomiSupport.GetWsdlName(parent)}"
        sequence = f'<complexContent><extension base="{base}">{sequence}</extension></complexContent>'
    return f'<complexType name="{name}">{sequence}</complexType>\n'


def _array(item: str, kind: str) -> str:
    """The wrapper that a list gets where its type is not known beforehand (property values)."""
    element = f'<element name="{item}" type="{kind}" minOccurs="0" maxOccurs="unbounded"/>'
    name = f"ArrayOf{item[0].upper()}{item[1:]}"
    return f'<complexType name="{name}"><sequence>{element}</sequence></complexType>\n'


def _element(name: str, kind: type, flags: int) -> str:
    many = issubclass(kind, VmomiSupport.Array)
    if many:
        kind = kind.Item  # type: ignore[attr-defined]
    if issubclass(kind, VmomiSupport.ManagedObject):
        qualified = REFERENCE
    elif issubclass(kind, vmodl.MethodFault):
        qualified = "vim25:LocalizedMethodFault"  # pyVmomi unwraps faults that are properties
    else:
        space, local = VmomiSupport.GetQualifiedWsdlName(kind)
        if local in NAMES:
            space, local = XSD, "string"
        elif space not in {XSD, NAMESPACE}:
            space, local = XSD, "anyType"  # another service's, reached through vSAN's methods
        qualified = f"{'xsd' if space == XSD else 'vim25'}:{local}"
    optional = ' minOccurs="0"' if many or flags & VmomiSupport.F_OPTIONAL else ""
    unbounded = ' maxOccurs="unbounded"' if many else ""
    return f'<element name="{name}" type="{qualified}"{optional}{unbounded}/>'
