//! Keeps standard output for messages.

use std::fs::File;
use std::io;

/// A file for messages. From now on what is printed goes to standard error.
#[cfg(unix)]
pub fn claim() -> io::Result<File> {
    use std::os::fd::AsFd;

    let messages = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    point_at_stderr()?;
    Ok(messages)
}

// The standard library has no dup2 of its own; the C library is linked to every program of it.
#[cfg(unix)]
#[allow(unsafe_code)]
fn point_at_stderr() -> io::Result<()> {
    extern "C" {
        fn dup2(from: i32, to: i32) -> i32;
    }
    // SAFETY: dup2 takes two numbers and touches no memory of the program.
    if unsafe { dup2(2, 1) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Here descriptors can't be pointed elsewhere: a plugin must not print.
#[cfg(windows)]
pub fn claim() -> io::Result<File> {
    use std::os::windows::io::AsHandle;

    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}
