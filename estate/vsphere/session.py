"""A session with one vCenter, over verified TLS."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPSConnection

from estate.vsphere import sdk
from estate.vsphere.connections import ConnectionsError, Login
from estate.vsphere.sdk import ServiceInstance

TIMEOUT = 30
"""Seconds to connect; a vCenter that does not answer must not hold up an operator."""


@contextmanager
def session(name: str, login: Login) -> Iterator[ServiceInstance]:
    """Log in, and out at the end. Raises ``ConnectionsError``, one sentence."""
    host, _, port = login.server.partition(":")
    try:
        context = ssl.create_default_context(cafile=str(login.ca_file) if login.ca_file else None)
        _ask(HTTPSConnection(host, int(port or 443), timeout=TIMEOUT, context=context))
        service = sdk.connect.SmartConnect(
            host=host,
            port=int(port or 443),
            user=login.username,
            pwd=login.password.get_secret_value(),
            sslContext=context,
            httpConnectionTimeout=TIMEOUT,
        )
    except sdk.vim.fault.InvalidLogin:
        raise ConnectionsError(
            f"vCenter {name} refuses the login of {login.username}; "
            "check username and password in vcenters.yaml"
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise ConnectionsError(
            f"the certificate of vCenter {name} ({login.server}) cannot be verified: {error.verify_message}; "
            "name its authority with ca_file in vcenters.yaml"
        ) from None
    except (OSError, HTTPException, sdk.vmodl.MethodFault) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "msg", None) or error
        raise ConnectionsError(f"vCenter {name} ({login.server}) does not answer: {reason}") from None
    try:
        yield service
    except sdk.vmodl.MethodFault as error:
        raise ConnectionsError(
            f"vCenter {name} answers with an error: {getattr(error, 'msg', error)}"
        ) from error
    except (OSError, HTTPException) as error:
        raise ConnectionsError(f"vCenter {name} ({login.server}) does not answer any more: {error}") from None
    finally:
        with suppress(OSError, HTTPException, sdk.vmodl.MethodFault):
            sdk.connect.Disconnect(service)


def _ask(connection: HTTPSConnection) -> None:
    """Ask for the versions of its API, as pyVmomi does first, but not without end (pyVim/connect.py
    ``__GetElementTree`` takes no timeout).
    """
    try:
        connection.request("GET", "/sdk/vimServiceVersions.xml")
        connection.getresponse().read()
    finally:
        connection.close()
