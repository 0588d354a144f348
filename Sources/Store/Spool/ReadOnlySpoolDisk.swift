/// A spool's directory for whoever only looks: reads, and refuses every change.
struct ReadOnlySpoolDisk: SpoolDisk {
    let disk: LocalSpoolDisk

    func prepareDirectory() throws(SpoolDiskError) { throw Self.refusal("mkdir", disk.directory) }
    func lock() throws(SpoolOpenError) -> any SpoolLock { throw .disk(Self.refusal("flock", disk.directory)) }
    func names() throws(SpoolDiskError) -> [String] { try disk.names() }
    func create(_ name: String) throws(SpoolDiskError) -> any SpoolFile { throw Self.refusal("create", name) }
    func open(_ name: String) throws(SpoolDiskError) -> any SpoolFile { try disk.openForReading(name) }
    func rename(_ name: String, to newName: String) throws(SpoolDiskError) { throw Self.refusal("rename", name) }
    func remove(_ name: String) throws(SpoolDiskError) { throw Self.refusal("unlink", name) }
    func synchronizeDirectory() throws(SpoolDiskError) { throw Self.refusal("fsync", disk.directory) }
    func space() throws(SpoolDiskError) -> DiskSpace { try disk.space() }

    private static func refusal(_ operation: String, _ name: String) -> SpoolDiskError {
        SpoolDiskError(operation: operation, file: name, code: 0, reason: "this spool is only looked at")
    }
}
