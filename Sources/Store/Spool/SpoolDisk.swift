/// Everything the spool asks of a disk: files by name in one directory. The seam where tests put a disk that
/// fails, tears writes and loses power.
package protocol SpoolDisk: Sendable {
    /// Makes the directory (0700) where it is missing.
    func prepareDirectory() throws(SpoolDiskError)

    /// Holds the directory for this process until the returned lock is released or goes away.
    func lock() throws(SpoolOpenError) -> any SpoolLock

    func names() throws(SpoolDiskError) -> [String]

    /// Makes an empty file (0600), in place of one of that name.
    func create(_ name: String) throws(SpoolDiskError) -> any SpoolFile

    func open(_ name: String) throws(SpoolDiskError) -> any SpoolFile

    /// Atomic; takes the place of a file called `newName`.
    func rename(_ name: String, to newName: String) throws(SpoolDiskError)

    func remove(_ name: String) throws(SpoolDiskError)

    /// Makes creations, renames and removals durable.
    func synchronizeDirectory() throws(SpoolDiskError)

    func space() throws(SpoolDiskError) -> DiskSpace
}

/// Keeps other processes, and other spools of this one, out of a directory.
package protocol SpoolLock: AnyObject, Sendable {
    func release()
}

/// One open file of a ``SpoolDisk``; closed when it is let go.
package protocol SpoolFile: AnyObject, Sendable {
    func byteCount() throws(SpoolDiskError) -> Int

    /// Writes all of the bytes, or throws with any part of them written.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SpoolDiskError)

    /// Reads up to `count` bytes; fewer only at the end of the file.
    func read(at offset: Int, count: Int) throws(SpoolDiskError) -> [UInt8]

    /// Returns when everything written before is on the medium (fdatasync).
    func synchronize() throws(SpoolDiskError)

    func truncate(to byteCount: Int) throws(SpoolDiskError)
}

/// How much room the file system under the spool has.
package struct DiskSpace: Sendable, Equatable {
    package let totalBytes: Int
    package let availableBytes: Int

    package init(totalBytes: Int, availableBytes: Int) {
        self.totalBytes = totalBytes
        self.availableBytes = availableBytes
    }

    /// As `df` counts: what is kept back from us, for root or by a quota below the disk, is neither used nor there.
    package init(usedBytes: Int, availableBytes: Int) {
        self.init(totalBytes: usedBytes + availableBytes, availableBytes: availableBytes)
    }

    /// From 0 to 1, of what there is for us.
    package var usedShare: Double {
        totalBytes == 0 ? 1 : 1 - Double(availableBytes) / Double(totalBytes)
    }
}

/// A system call that failed, with the file's name (never its contents).
package struct SpoolDiskError: Error, Equatable {
    package let operation: String
    package let file: String
    package let code: Int32
    package let reason: String
    /// There is no room: refuse as full, not as broken.
    package let isOutOfSpace: Bool
    /// The medium cannot give these bytes back (EIO); others of the same file may be fine.
    package let isBadMedium: Bool

    package init(
        operation: String, file: String, code: Int32, reason: String, isOutOfSpace: Bool = false,
        isBadMedium: Bool = false
    ) {
        self.operation = operation
        self.file = file
        self.code = code
        self.reason = reason
        self.isOutOfSpace = isOutOfSpace
        self.isBadMedium = isBadMedium
    }
}

extension SpoolDiskError: CustomStringConvertible {
    package var description: String { "spool: \(operation) of \(file) failed: \(reason) (errno \(code))" }
}

/// Why a spool could not be opened.
package enum SpoolOpenError: Error, Equatable {
    /// Another process has the directory; its pid where it is known.
    case locked(directory: String, pid: Int32?)
    /// A later release wrote this file.
    case formatTooNew(file: String, version: UInt16)
    case disk(SpoolDiskError)
}

extension SpoolOpenError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .locked(let directory, let pid):
            "the spool \(directory) is in use by process \(pid.map(String.init) ?? "(unknown)"); "
                + "stop that process, or give this one another --data-dir"
        case .formatTooNew(let file, let version):
            "the spool file \(file) has format version \(version), newer than this release's "
                + "\(SegmentHeader.currentVersion); start the release that wrote it, or ship the spool with it first"
        case .disk(let error):
            "\(error)"
        }
    }
}
