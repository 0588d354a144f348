#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The spool's directory on the machine's own disk.
package struct LocalSpoolDisk: SpoolDisk {
    private static let lockName = "lock"

    package let directory: String

    package init(directory: String) {
        self.directory = directory
    }

    package func prepareDirectory() throws(SpoolDiskError) {
        var parent = directory.hasPrefix("/") ? "/" : "."
        for part in directory.split(separator: "/") {
            let path = "\(parent)/\(part)"
            if mkdir(path, 0o700) == 0 {
                // Without this a power cut could take the new directory away with all that is synced in it.
                try synchronize(directory: parent)
            } else if errno != EEXIST {
                throw failure("mkdir", path)
            }
            parent = path
        }
        guard chmod(directory, 0o700) == 0 else { throw failure("chmod", directory) }
    }

    package func lock() throws(SpoolOpenError) -> any SpoolLock {
        let descriptor = openDescriptor(Self.lockName, O_RDWR | O_CREAT)
        guard descriptor >= 0 else { throw .disk(failure("open", Self.lockName)) }
        let file = LocalSpoolFile(descriptor: descriptor, name: Self.lockName)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw .disk(failure("flock", Self.lockName)) }
            throw .locked(directory: directory, pid: Self.pid(in: file))
        }
        do throws(SpoolDiskError) {
            // For the message of whoever comes second; the lock itself is the kernel's and dies with the process.
            try file.truncate(to: 0)
            try file.write(Array("\(getpid())\n".utf8), at: 0)
        } catch {
            throw .disk(error)
        }
        return file
    }

    package func names() throws(SpoolDiskError) -> [String] {
        guard let stream = opendir(directory) else { throw failure("opendir", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw failure("readdir", directory) }
        return names
    }

    package func create(_ name: String) throws(SpoolDiskError) -> any SpoolFile {
        let descriptor = openDescriptor(name, O_RDWR | O_CREAT | O_TRUNC)
        guard descriptor >= 0 else { throw failure("create", name) }
        return LocalSpoolFile(descriptor: descriptor, name: name)
    }

    package func open(_ name: String) throws(SpoolDiskError) -> any SpoolFile {
        let descriptor = openDescriptor(name, O_RDWR)
        guard descriptor >= 0 else { throw failure("open", name) }
        return LocalSpoolFile(descriptor: descriptor, name: name)
    }

    /// For whoever only looks: needs no right to write.
    func openForReading(_ name: String) throws(SpoolDiskError) -> any SpoolFile {
        let descriptor = openFile(path(name), O_RDONLY)
        guard descriptor >= 0 else { throw failure("open", name) }
        return LocalSpoolFile(descriptor: descriptor, name: name)
    }

    /// Who holds the directory, found out without holding it longer than the question takes.
    func owner() throws(SpoolDiskError) -> SpoolInspection.Owner {
        let descriptor = openFile(path(Self.lockName), O_RDONLY)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw failure("open", Self.lockName) }
            return .nobody
        }
        let file = LocalSpoolFile(descriptor: descriptor, name: Self.lockName)
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return .nobody }
        guard errno == EWOULDBLOCK else { throw failure("flock", Self.lockName) }
        return .process(pid: Self.pid(in: file))
    }

    private static func pid(in lock: LocalSpoolFile) -> Int32? {
        let text = try? String(decoding: lock.read(at: 0, count: 32), as: UTF8.self)
        return text.flatMap { Int32($0.prefix { $0.isNumber }) }
    }

    package func rename(_ name: String, to newName: String) throws(SpoolDiskError) {
        guard renameFile(path(name), path(newName)) == 0 else { throw failure("rename", name) }
    }

    package func remove(_ name: String) throws(SpoolDiskError) {
        guard unlink(path(name)) == 0 || errno == ENOENT else { throw failure("unlink", name) }
    }

    package func synchronizeDirectory() throws(SpoolDiskError) {
        try synchronize(directory: directory)
    }

    package func space() throws(SpoolDiskError) -> DiskSpace {
        var info = statvfs()
        guard directory.withCString({ statvfs($0, &info) }) == 0 else { throw failure("statvfs", directory) }
        let block = Int(info.f_frsize)
        return DiskSpace(
            usedBytes: (Int(info.f_blocks) - Int(info.f_bfree)) * block, availableBytes: Int(info.f_bavail) * block)
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }

    private func openDescriptor(_ name: String, _ flags: Int32) -> Int32 {
        openFile(path(name), flags)
    }

    private func synchronize(directory: String) throws(SpoolDiskError) {
        let descriptor = openFile(directory, O_RDONLY | O_DIRECTORY)
        guard descriptor >= 0 else { throw failure("open", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync", directory) }
    }
}

/// One descriptor, closed when the object goes away.
private final class LocalSpoolFile: SpoolFile, SpoolLock {
    private let descriptor: Int32
    private let name: String

    init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    deinit {
        close(descriptor)
    }

    func release() {
        // Cannot fail: the descriptor is ours and open.
        _ = flock(descriptor, LOCK_UN)
    }

    func byteCount() throws(SpoolDiskError) -> Int {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw failure("fstat", name) }
        return Int(info.st_size)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SpoolDiskError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("write", name) }
            done += count
        }
    }

    func read(at offset: Int, count: Int) throws(SpoolDiskError) -> [UInt8] {
        var error: SpoolDiskError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[done...])
                let got = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { error = failure("read", name) }
                guard got > 0 else { break }
                done += got
            }
        }
        if let error { throw error }
        return bytes
    }

    func synchronize() throws(SpoolDiskError) {
        #if canImport(Darwin)
            guard fcntl(descriptor, F_FULLFSYNC) == 0 else { throw failure("fsync", name) }
        #else
            guard fdatasync(descriptor) == 0 else { throw failure("fdatasync", name) }
        #endif
    }

    func truncate(to byteCount: Int) throws(SpoolDiskError) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw failure("ftruncate", name) }
    }
}

/// Reads `errno`: to be called first after the call that failed.
private func failure(_ operation: String, _ name: String) -> SpoolDiskError {
    let code = errno
    return SpoolDiskError(
        operation: operation, file: name, code: code, reason: String(cString: strerror(code)),
        isOutOfSpace: code == ENOSPC || code == EDQUOT, isBadMedium: code == EIO)
}

// The C functions that the methods of the same name hide.

private func openFile(_ path: String, _ flags: Int32) -> Int32 {
    open(path, flags | O_CLOEXEC, 0o600)
}

private func renameFile(_ old: String, _ new: String) -> Int32 {
    rename(old, new)
}
