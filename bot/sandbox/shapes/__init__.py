"""JSON as GitHub writes it: one pure function per object, used by answers and webhook payloads alike."""
