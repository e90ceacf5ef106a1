"""Rewrites of a program for the native engine: program in, program out."""
