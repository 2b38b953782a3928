"""A request as a call of Nova's API."""

from names import known


def call(cloud, stand_ins, request, prepared):
    """Method, path and body."""
    if request["operation"] == "create":
        return "POST", "/servers", _create(cloud, stand_ins, request, prepared.group)
    server = prepared.moved()
    host = cloud.theirs(request["host"]) if request["host"] else None
    body = {
        "resize": lambda: {"resize": {"flavorRef": request["flavor"]["name"]}},
        "rebuild": lambda: {"rebuild": {"imageRef": known(request["image"]["name"])}},
        "migrate": lambda: {"migrate": {"host": host} if host else None},
        "live migration": lambda: {"os-migrateLive": {"host": host, "block_migration": "auto"}},
        "evacuate": lambda: {"evacuate": {"host": host} if host else {}},
        "unshelve": lambda: {"unshelve": _unshelved(request["zone"], host)},
    }[request["operation"]]()
    return "POST", f"/servers/{server.uuid}/action", body


def _create(cloud, stand_ins, request, group):
    image, source = request["image"], request["source"]
    volumes = list(stand_ins.volumes) if request["volume_zones"] or source == "blank volume" else []
    devices = []
    if source != "image" and volumes:
        first, *volumes = volumes
        devices.append({"uuid": first, "source_type": "volume", "boot_index": 0})
    elif source == "volume":
        devices.append(
            {
                "uuid": known(image["name"]),
                "source_type": "image",
                "volume_size": 100,
                "boot_index": 0,
            }
        )
    more = [{"uuid": volume, "source_type": "volume", "boot_index": -1} for volume in volumes]
    if source == "image" and more:
        devices.append(
            {
                "uuid": known(image["name"]),
                "source_type": "image",
                "destination_type": "local",
                "boot_index": 0,
            }
        )
    server = {"name": "asked-about", "flavorRef": request["flavor"]["name"], "networks": "none"}
    if source == "image":
        server["imageRef"] = known(image["name"])
    if devices or more:
        server["block_device_mapping_v2"] = [
            {"destination_type": "volume", **one} for one in (*devices, *more)
        ]
    if request["zone"] is not None:
        server["availability_zone"] = _zone(cloud, request["zone"])
    if request["host"]:
        server["host"] = cloud.theirs(request["host"])
    if request["node"]:
        server["hypervisor_hostname"] = cloud.theirs(request["node"])
    body = {"server": server}
    if group is not None:
        body["os:scheduler_hints"] = {"group": group.uuid}
    return body


def _zone(cloud, zone):
    """``zone:host:node`` by the names of the compute hosts."""
    name, *places = zone.split(":")
    return ":".join([name, *(cloud.theirs(one) for one in places)])


def _unshelved(zone, host):
    asked = ({"availability_zone": zone} if zone else {}) | ({"host": host} if host else {})
    return asked or None
