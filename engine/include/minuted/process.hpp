// What a program that opens an engine does to its process first, before it opens any file.
#pragma once

namespace minuted {

// Opens each of the descriptors 0, 1 and 2 that is closed on /dev/null. The kernel gives the lowest free
// number to the next file that is opened: in a process started with `2>&-` a store's file would get
// number 2, and every line written to standard error would overwrite that file. Call this before
// anything else in main, while there is one thread. Ends the process with exit code 1 if a descriptor
// cannot be occupied.
void open_standard_descriptors();

// Takes the group's right to write, and all rights of others, from the files and directories that this
// process makes from now on: files get mode 0640 at most and directories 0750. A stricter umask of the
// caller stays in force. Call this before the first store is made, while there is one thread.
void restrict_new_files();

}  // namespace minuted
