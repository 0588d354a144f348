import CProcessor
import NIOCore

/// How many processors this process may use at a time.
enum Processors {
    /// The least that anybody says: the machine, a container's quota (cgroups), the cores that the process is bound to,
    /// which NIO does not ask for.
    static var available: Int {
        let bound = Int(hookgate_bound_processors())
        return bound > 0 ? min(System.coreCount, bound) : System.coreCount
    }
}
