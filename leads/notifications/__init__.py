"""Telling people: what happened to their leads and rulebooks, in the application and by e-mail."""
