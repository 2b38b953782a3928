"""Print, as JSON, the pulumi-plugin.json of every installed package that needs a resource plugin."""

import json
import sys
from pathlib import Path

plugins = []
for folder in dict.fromkeys(sys.path):
    for file in sorted(Path(folder or ".").glob("*/pulumi-plugin.json")):
        plugin = json.loads(file.read_text())
        if plugin.get("resource"):
            plugins.append({key: plugin.get(key, "") for key in ("name", "version", "server")})
print(json.dumps(plugins))
