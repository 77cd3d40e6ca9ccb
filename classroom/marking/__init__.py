"""The marking of a class: strangers' programs in a sandbox, their results compared outside."""
