"""Plain calls to a cloud's APIs, for what openstacksdk has no word for."""

from typing import Any

from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection

_NOVA = "2.104"
_PLACEMENT = "1.39"
_PATCH = "application/openstack-images-v2.1-json-patch"


class Calls:
    """One login. Every call returns the answer's JSON, and raises :class:`CloudError` if it is refused."""

    def __init__(self, cloud: Connection) -> None:
        self.cloud = cloud

    def nova(self, method: str, path: str, body: object = None, version: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Microversion 2.104 (Nova 34.0.0), or another one."""
        return _json(getattr(self.cloud.compute, method)(path, json=body, microversion=version or _NOVA))

    def placement(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Microversion 1.39."""
        return _json(getattr(self.cloud.placement, method)(path, json=body, microversion=_PLACEMENT))

    def cinder(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """No microversion."""
        return _json(getattr(self.cloud.block_storage, method)(path, json=body))

    def glance(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """A ``patch`` is a JSON patch."""
        headers = {"Content-Type": _PATCH} if method == "patch" else {}
        return _json(getattr(self.cloud.image, method)(path, json=body, headers=headers))

    def upload(self, image: str, content: bytes) -> None:
        """Give an image its content."""
        headers = {"Content-Type": "application/octet-stream"}
        _json(self.cloud.image.put(f"/images/{image}/file", data=content, headers=headers))

    def download(self, image: str) -> bytes:
        """The content of an image."""
        answer = self.cloud.image.get(f"/images/{image}/file")
        _json(answer)
        return bytes(answer.content)


def _json(answer: Any) -> Any:  # noqa: ANN401 - JSON
    if answer.status_code >= 400:
        raise CloudError(
            f"{answer.request.method} {answer.url}: HTTP {answer.status_code}: {answer.text.strip()[:500]}"
        )
    return answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else None
