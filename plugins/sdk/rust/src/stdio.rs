//! Keeps standard input and output for messages.

use std::fs::File;
use std::io;

/// Files for messages, in and out. From now on what is printed goes to standard error, and who reads standard input, as a child
/// may, finds nothing.
#[cfg(unix)]
pub fn claim() -> io::Result<(File, File)> {
    use std::os::fd::{AsFd, AsRawFd};

    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    point(File::open("/dev/null")?.as_raw_fd(), 0)?;
    point(2, 1)?;
    Ok((input, output))
}

// The standard library has no dup2 of its own; the C library is linked to every program of it.
#[cfg(unix)]
#[allow(unsafe_code)]
fn point(from: i32, to: i32) -> io::Result<()> {
    extern "C" {
        fn dup2(from: i32, to: i32) -> i32;
    }
    // SAFETY: dup2 takes two numbers and touches no memory of the program.
    if unsafe { dup2(from, to) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Here they can't be pointed elsewhere: a plugin must not print.
#[cfg(windows)]
pub fn claim() -> io::Result<(File, File)> {
    use std::os::windows::io::AsHandle;

    let input = File::from(io::stdin().as_handle().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_handle().try_clone_to_owned()?);
    Ok((input, output))
}
