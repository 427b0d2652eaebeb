"""The rulebook: the kinds of rule, the table, and the chapters that fill it. Who reads the rules is not known here."""
