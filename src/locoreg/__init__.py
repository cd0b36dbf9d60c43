"""Evidence engine for local therapy in metastatic breast cancer.

For research. Not a medical device.
"""
