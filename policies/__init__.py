"""The policy pack: one rule, one file. Rules are pure; two adapters bring them documents and resources."""
