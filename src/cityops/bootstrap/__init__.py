"""The composition root: the only room that reads settings and knows every other room.

One module a command, each imported only when its command runs: the supervisor and the gateway must be up in a moment.
"""
