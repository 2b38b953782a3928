"""How the Pulumi engine, its plugins and the sandbox's programs get onto a machine."""
