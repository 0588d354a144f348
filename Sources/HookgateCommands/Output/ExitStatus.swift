/// The exit codes of every command; scripts rely on them.
enum ExitStatus: Int32 {
    /// Done, or nothing to do.
    case done = 0
    case failed = 1
    /// Something is left that a person must decide or run.
    case attention = 3
    case wrongUsage = 64

    /// The graver of two: a failure outweighs a matter for a person, which outweighs success.
    static func worse(_ left: ExitStatus, _ right: ExitStatus) -> ExitStatus {
        let order: [ExitStatus] = [.done, .attention, .failed, .wrongUsage]
        let rank = { (status: ExitStatus) in order.firstIndex(of: status) ?? order.count }
        return rank(left) >= rank(right) ? left : right
    }
}
