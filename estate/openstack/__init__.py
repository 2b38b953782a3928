"""What is asked of a running OpenStack: plain functions over an openstacksdk connection."""
