"""`python -m mmbarlow`, the same as the command `mmbarlow`."""

from mmbarlow.commands.main import main

if __name__ == '__main__':
    main()
