/// One instance, as server and database know it.
struct SimulatedInstance: Sendable {
    enum State: String, Sendable {
        case open
        case connecting
        case close
    }

    /// How many QR codes are shown before the server gives up.
    static let mostQRCodes = 30

    let name: String
    let id: String
    let token: String
    /// False: in the database alone.
    var isLoaded = true
    var state = State.close
    /// The number, in digits.
    var owner: String?
    var qrCount = 0
    /// The stored webhook: for 1.x the body as it was normalised, from 2.0 on the row.
    private var webhook: WireJSON?
    /// What stood there before the last set.
    private var earlierWebhook: WireJSON?
    /// Nothing shows of a set before this.
    private var visibleFrom = Duration.zero

    init(name: String, id: String, token: String) {
        self.name = name
        self.id = id
        self.token = token
    }

    /// What is stored, also where it does not show yet.
    var stored: WireJSON? { webhook }

    /// What stood there before the last set.
    var earlier: WireJSON? { earlierWebhook }

    /// What a find shows at this time, and what the next event is sent by.
    func shown(at time: Duration) -> WireJSON? {
        time < visibleFrom ? earlierWebhook : webhook
    }

    mutating func store(_ webhook: WireJSON, visibleFrom time: Duration) {
        earlierWebhook = self.webhook
        self.webhook = webhook
        visibleFrom = time
    }

    var jid: String? { owner.map { "\($0)@s.whatsapp.net" } }
}
