// Load at a given rate, with arrivals as of many senders that know nothing of each other (a Poisson process). wrk's pauses
// end at whole milliseconds, so that its requests come in bursts and the server's queue is of wrk's making. A request that
// finds no connection free waits, and the wait is counted: latency begins when the request was due.
//
//   paced PORT RATE SECONDS CONNECTIONS FLEET BODY      FLEET: lines of a token and its instance's name
//
// Prints what load.lua prints, as one line of JSON. Polls without sleeping: give it a core of its own. When something else
// takes that core all the same, the server is not to blame: time stands still for as long, and what was under way then is
// not counted. It says how often that was, and for how long in all. Nor does the first second count, in which a server that
// stood still, or did something else, takes up this work.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MOST_TENANTS = 20000, MOST_CONNECTIONS = 1024, LONGEST = 8192 };

// To send one request or to take one answer takes some microseconds; so many seconds were not ours.
static const double absence = 0.001, warm_up = 1;

struct connection { int socket; double due; int is_counted; };

static char *starts[MOST_TENANTS];
static int tenants;
static const char *ending;
static struct connection connections[MOST_CONNECTIONS];
static int idle[MOST_CONNECTIONS], idle_count;
static uint64_t message;
static double start, due, step, absent;
static int absences;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "paced: %s: %s\n", what, strerror(errno));
    exit(1);
}

// The body in two parts: up to the message's id, with the tenant's name in it, and what follows the id.
static void read_fleet(const char *fleet, const char *body_file) {
    static char body[LONGEST];
    FILE *file = fopen(body_file, "r");
    if (!file || !fread(body, 1, sizeof body - 1, file)) fail(body_file);
    fclose(file);
    char *id = strstr(body, "\"id\":\"");
    if (!id) fail("no id in the body");
    id += strlen("\"id\":\"");
    ending = id + strcspn(id, "\"");
    char *name = strstr(body, "\"instance\":\"");
    if (!name || name > id) fail("no instance before the id");
    name += strlen("\"instance\":\"");
    char *after_name = name + strcspn(name, "\"");
    char token[256], instance[256];
    if (!(file = fopen(fleet, "r"))) fail(fleet);
    while (tenants < MOST_TENANTS && fscanf(file, "%255s %255s", token, instance) == 2) {
        size_t length = (name - body) + strlen(instance) + (id - after_name) + 16 + strlen(ending);
        if (asprintf(&starts[tenants++],
                     "POST /webhooks/evolution/whatsapp/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n%.*s%s%.*s",
                     token, length, (int)(name - body), body, instance, (int)(id - after_name), after_name) < 0)
            fail("memory");
    }
    fclose(file);
}

static void begin(int number, double due) {
    char request[2 * LONGEST];
    int length = snprintf(request, sizeof request, "%s%016llu%s", starts[message % tenants],
                          (unsigned long long)message, ending);
    message++;
    connections[number].due = due;
    connections[number].is_counted = due >= start + warm_up;
    if (write(connections[number].socket, request, length) != length) fail("write");
}

// Behind each step, and not behind a whole turn of the loop: what a server lets pile up makes turns long, too.
static double stepped(int wanted) {
    double time = now(), since = time - step;
    step = time;
    if (since > absence) {
        start += since, due += since, absent += since, absences++;
        for (int number = 0; number < wanted; number++) connections[number].is_counted = 0;
    }
    return time;
}

static int by_size(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

int main(int count, char **words) {
    if (count != 7) return fprintf(stderr, "usage: paced PORT RATE SECONDS CONNECTIONS FLEET BODY\n"), 64;
    double rate = atof(words[2]), seconds = atof(words[3]);
    int wanted = atoi(words[4]);
    read_fleet(words[5], words[6]);
    if (!tenants || wanted < 1 || wanted > MOST_CONNECTIONS || rate <= 0) return 64;
    srand48(time(NULL));
    message = (uint64_t)(time(NULL) % 1000000) * 10000000;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int poll = epoll_create1(0), on = 1;
    for (int number = 0; number < wanted; number++) {
        int socket_ = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(socket_, (struct sockaddr *)&address, sizeof address)) fail("connect");
        setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event interest = {.events = EPOLLIN, .data.u32 = number};
        epoll_ctl(poll, EPOLL_CTL_ADD, socket_, &interest);
        connections[number].socket = socket_;
        idle[idle_count++] = number;
    }
    size_t most = (size_t)(rate * seconds * 1.2) + 1000, done = 0, counted = 0, refused = 0;
    double *latencies = malloc(most * sizeof *latencies);
    start = due = step = now();
    while (due < start + seconds || idle_count < wanted) {
        while (idle_count && due < start + seconds && stepped(wanted) >= due) {
            begin(idle[--idle_count], due);
            due += -log(1 - drand48()) / rate;
        }
        if (stepped(wanted) > start + seconds + 30) fail("answers are missing");
        struct epoll_event ready[64];
        int events = epoll_wait(poll, ready, 64, 0);
        for (int event = 0; event < events; event++) {
            int number = ready[event].data.u32;
            char answer[4096];
            // Answers are a few hundred bytes and come whole.
            ssize_t length = read(connections[number].socket, answer, sizeof answer);
            if (length < 12) fail("read");
            if (memcmp(answer + 9, "200", 3)) refused++;
            double time = stepped(wanted);
            if (counted < most && connections[number].is_counted) latencies[counted++] = time - connections[number].due;
            done++;
            idle[idle_count++] = number;
        }
    }
    double elapsed = now() - start;
    qsort(latencies, counted, sizeof *latencies, by_size);
    printf("{\"requests\":%zu,\"microseconds\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"refused\":%zu,"
           "\"broken\":0,\"counted\":%zu,\"absences\":%d,\"absent_ms\":%.1f}\n",
           done, elapsed * 1e6, latencies[counted / 2] * 1e3, latencies[(size_t)(counted * 0.99)] * 1e3,
           latencies[(size_t)(counted * 0.999)] * 1e3, refused, counted, absences, absent * 1e3);
    return 0;
}
