"""In-memory twins of the ports, a clock that tests move, and makers of realistic data.

The twins keep the promises of their ports and are held to them by the same contract suites as
every other adapter. Import the modules themselves: some need libraries that others do not.
"""
