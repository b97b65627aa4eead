"""`python -m mmbarlow`, the same as the command `mmbarlow`."""

from mmbarlow.commands.main import command_line

if __name__ == '__main__':
    command_line()
