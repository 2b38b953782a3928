"""Pulumi components: model values in, resources out, static facts in their props."""
