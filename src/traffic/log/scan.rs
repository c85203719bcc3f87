//! Searches in the bytes of a log. Tests count how many bytes they look at, so that no reader looks at the same ones again
//! and again.

/// Where `byte` is first in `text`.
#[inline]
pub(super) fn find(byte: u8, text: &[u8]) -> Option<usize> {
    let found = memchr::memchr(byte, text);
    looked_at(found.map_or(text.len(), |at| at + 1));
    found
}

/// Where one of `bytes` is first in `text`.
#[inline]
pub(super) fn find_either(bytes: [u8; 2], text: &[u8]) -> Option<usize> {
    let found = memchr::memchr2(bytes[0], bytes[1], text);
    looked_at(found.map_or(text.len(), |at| at + 1));
    found
}

/// Everywhere where `byte` is in `text`.
#[inline]
pub(super) fn places(byte: u8, text: &[u8]) -> impl Iterator<Item = usize> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + find(byte, &text[from..])?;
        from = at + 1;
        Some(at)
    })
}

#[cfg(not(test))]
#[inline]
const fn looked_at(_bytes: usize) {}

#[cfg(test)]
thread_local! {
    static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
fn looked_at(bytes: usize) {
    LOOKED_AT.with(|all| all.set(all.get() + bytes));
}

/// The bytes that `work` looks at.
#[cfg(test)]
pub(super) fn counted(work: impl FnOnce()) -> usize {
    let before = LOOKED_AT.get();
    work();
    LOOKED_AT.get() - before
}
