"""The level network of Li and Lerch: how loud a vocal stands over its backing, learned and judged. Needs ``deep``."""
