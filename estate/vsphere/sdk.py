"""What is used of pyVmomi all over: its import takes half a second, and waits until a vCenter is asked.

A run of the program imports every gate, and most commands could ask a vCenter; few do.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyVim import connect, task
    from pyVmomi import vim, vmodl
    from pyVmomi.vim import ManagedEntity, ServiceInstance

    __all__ = ["ManagedEntity", "ServiceInstance", "connect", "task", "vim", "vmodl"]
else:
    from estate.later import later

    # Only annotations say these.
    ManagedEntity = ServiceInstance = object
    __getattr__ = later(
        {"connect": "pyVim.connect", "task": "pyVim.task", "vim": "pyVmomi:vim", "vmodl": "pyVmomi:vmodl"}
    )
