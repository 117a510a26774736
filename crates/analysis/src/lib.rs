//! One analysis as background work: submit, the tasks, progress, cancel, resume
