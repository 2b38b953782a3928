"""Two states of documents compared: what a change will do, as one value, and its renderers."""
