"""Ports of the domain over HTTP, with httpx underneath; nothing of httpx is seen from outside."""
