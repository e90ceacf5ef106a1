"""Pantarhei: describe a computation as a graph, differentiate it, run it in a session.

    import pantarhei as tf

The names and meanings are TensorFlow 1.15's. They stand in the table of `pantarhei.api`; each is
imported when it is first used.
"""

from pantarhei.api import namespaces, registrations

registrations.install()
namespaces.install()
del namespaces, registrations
