"""What a killed run had made is put into a state in a form that the engine takes."""

from operations.recovery import as_created, with_made


def resource(urn: str, **more: object) -> dict[str, object]:
    return {"urn": urn, "type": "t", **more}


def urns(resources: list[dict[str, object]]) -> list[object]:
    return [one["urn"] for one in resources]


def test_each_stands_after_those_that_it_refers_to() -> None:
    port = resource("port", id="2", dependencies=["net"], provider="prov::id", parent="stack")
    net = resource("net", id="1", propertyDependencies={"x": ["stack"], "y": None})

    placed = urns(with_made([resource("stack"), resource("prov"), port], [net]))

    assert placed.index("net") < placed.index("port")
    assert placed.index("prov") < placed.index("port")
    assert placed.index("stack") < placed.index("net")


def test_what_takes_the_place_of_another_condemns_it() -> None:
    """A kill in the middle of a replacement leaves one URN with two things behind it."""
    rule = resource("rule", id="7", parent="group")
    already = resource("gone", id="9", delete=True)

    placed = with_made([resource("group", id="old"), rule, already], [resource("group", id="new")])

    assert [(one["urn"], one.get("id"), one.get("delete", False)) for one in placed] == [
        ("group", "new", False),
        ("rule", "7", False),
        ("group", "old", True),
        ("gone", "9", True),
    ]


def test_what_was_deleted_before_its_replacement_is_not_deleted_again() -> None:
    """With both marks it would stay in the state for ever."""
    gone = resource("port", id="old", pendingReplacement=True)
    waits = resource("rule", id="7", pendingReplacement=True)

    placed = with_made([gone, waits], [resource("port", id="new")])

    assert [(one["urn"], one["id"]) for one in placed] == [("rule", "7"), ("port", "new")]
    assert not any(one.get("delete") for one in placed)


def test_what_was_made_is_put_as_it_was_asked_for() -> None:
    """An image's file is told by no service: without it the next ``up`` would upload the image again."""
    asked = {"__defaults": ["verify"], "name": "linux", "localFilePath": "linux.vmdk"}

    made = as_created(resource("image", inputs=asked), "7")

    assert made == resource(
        "image", id="7", inputs=asked, outputs={"name": "linux", "localFilePath": "linux.vmdk", "id": "7"}
    )


def test_a_reference_to_what_is_not_there_holds_nothing_up() -> None:
    assert urns(with_made([resource("port", parent="lost")], [])) == ["port"]
