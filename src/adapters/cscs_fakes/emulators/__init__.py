"""Other people's services, emulated over HTTP: Waldur, HPC User API, DWDI, an OIDC provider.

They are written from the contracts and not from what our own adapters need, keep state, count
what they are asked, and can be told to misbehave. They need the extra `emulator`.
"""
