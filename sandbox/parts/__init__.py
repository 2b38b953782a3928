"""How the programs that a sandbox runs get onto the machine: into ``home()``, without root."""
