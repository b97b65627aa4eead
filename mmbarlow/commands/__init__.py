"""The command `mmbarlow`: one module a verb, imported when it is asked for."""
