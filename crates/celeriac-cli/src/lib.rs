//! Inspect and control a Celery cluster from the command line
