"""The local web application: pages and an API over the same workflows as the command line."""
