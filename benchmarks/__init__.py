"""Figures that the README quotes: ``make bench``."""
