"""Tests of the public face: what a program sees."""
