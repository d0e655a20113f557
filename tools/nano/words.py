"""Word lists from which random homes, names and free text are composed. Nothing here comes from the recordings that judge us."""

ROOMS = """kitchen|living room|bedroom|bathroom|office|garage|basement|attic|hallway|dining room|guest room|nursery|study|den
|laundry room|utility room|pantry|porch|patio|balcony|garden|backyard|front yard|driveway|workshop|shed|playroom|library|lounge
|conservatory|sun room|game room|gym|home theater|media room|music room|master bedroom|kids room|boys room|girls room|entry
|entryway|foyer|landing|stairs|staircase|closet|cellar|wine cellar|loft|studio|mud room|powder room|greenhouse|barn|stable
|pool house|sauna|spa|terrace|deck|veranda|carport|corridor|server room|storage room|family room|great room|breakfast nook
|dressing room|cloakroom|craft room|sewing room|reading room|tool shed|boiler room|upstairs hall|downstairs hall|back room
|front room|box room|spare room|guest bathroom|guest bedroom|main bathroom|toilet|shower|parlor|theater|bar|hobby room
|cinema|courtyard|roof terrace|summer house|tree house|chicken coop|kennel|living area|kitchenette|snug""".replace(
    "\n", ""
).split("|")

FLOORS = """first floor|second floor|third floor|ground floor|top floor|upper floor|lower floor|main floor|upstairs|downstairs
|basement level|lower level|upper level|attic floor|middle floor|fourth floor""".replace("\n", "").split("|")

COLOURS = "red green blue yellow orange purple white black pink turquoise brown teal violet gold silver grey cyan magenta lime indigo".split()

ADJECTIVES = """big small little left right front back upper lower old new main side corner outside inside outdoor indoor tall
round long short bright warm cold soft east west north south center middle second first third red blue green white black golden
wooden glass hanging standing smart spare extra top bottom single double night morning evening summer winter christmas
""".split()

LIGHTS = """light|lights|lamp|lamps|ceiling light|ceiling|desk lamp|desk light|floor lamp|bed light|bedside lamp|bedside light|night light
|standing lamp|table lamp|reading light|reading lamp|chandelier|spotlight|spots|light strip|led strip|lantern|fairy lights|sconce
|pendant|mirror light|cabinet light|counter lights|stair light|flood light|wall light|string lights|bulb|accent light|vanity light
|track lights|ambient light|lava lamp|christmas tree|porch light|closet light|island lights|sink light""".replace(
    "\n", ""
).split("|")

SWITCHES = """fan|heater|coffee maker|coffee machine|kettle|plug|outlet|socket|switch|fountain|pump|sprinkler|sprinklers|humidifier
|dehumidifier|air purifier|printer|computer|radio|toaster|oven|dishwasher|washing machine|dryer|ceiling fan|air conditioner|boiler
|water heater|aquarium|fish tank|pond pump|charger|car charger|electric blanket|towel rail|monitor|speaker|subwoofer|amplifier
|game console|router|freezer|fridge|projector|sewing machine|space heater|exhaust fan|extractor|diffuser|server|tree lights|bell
|irrigation|hot tub|jacuzzi|pool pump|siren|camera|doorbell|microwave|slow cooker|rice cooker|iron|treadmill""".replace(
    "\n", ""
).split("|")

LOCKS = """front door|back door|side door|door|gate|main door|patio door|garage door|shed door|cellar door|garden gate|office door
|safe|cabinet|entrance|porch door|basement door|mailbox|storage door|kitchen door|bathroom door|front gate|bike lock|smart lock
""".replace("\n", "").split("|")

COVERS = """garage door|blinds|blind|curtain|curtains|shutter|shutters|shade|shades|window|windows|awning|gate|skylight|roof window
|garage|roller blind|venetian blinds|drapes|garden gate|driveway gate|pergola|left window|right window|left blind|right curtain
|patio awning|kitchen window|bay window""".replace("\n", "").split("|")

MEDIA = """tv|television|speaker|radio|stereo|sound bar|music player|record player|apple tv|chromecast|receiver|sonos|home theater
|media player|smart tv|jukebox|playstation|echo|tablet|big screen""".replace("\n", "").split("|")

CLIMATES = """thermostat|ecobee|nest|heating|radiator|air conditioning|heat pump|floor heating|boiler|a c|climate|hvac|furnace
|underfloor heating|tado|hive|central heating|wall heater""".replace("\n", "").split("|")

SENSORS = """humidity|temperature|outdoor temperature|outdoor humidity|battery|air quality|pressure|wind speed|power usage|energy
|water level|soil moisture|carbon dioxide|noise level|light level|solar power|rain|phone battery|motion|smoke detector|door sensor
|window sensor|leak sensor|front door sensor|oil level|gas meter|water meter|pool temperature|freezer temperature|uv index
|washing machine status|car battery|pollen count|barometer""".replace("\n", "").split("|")

SELECTS = """washing program|wash program|light effect|fan preset|input source|sound mode|cleaning mode|source|preset|speaker source
|oven program|coffee strength|dishwasher program|charging mode|irrigation program|heating program|tv source""".replace(
    "\n", ""
).split("|")

OPTIONS = """eco|auto|quick|cotton|delicates|wool|turbo|quiet|silent|normal|boost|intensive|rinse|spin|short program|night|day|strong|mild
|rainbow|party|fireplace|movie|music|news|game|radio|bluetooth|netflix|optical|line in|low|medium|high|holiday|solar|fast|slow|comfort
|synthetics|mixed|hygiene|steam|standby""".replace("\n", "").split("|")

NUMBERS = """charging limit|brightness limit|sleep timer|target humidity|pump speed|fan speed|delay|boost time|watering time|bass|treble
|volume limit|target level|heating curve|snooze length|dimming time""".replace("\n", "").split("|")

BUTTONS = """doorbell|garage button|restart button|reset|start button|identify|water the plants|find my phone|open the gate|bell|gong
|restart the router|panic button|wake the computer|feed the cat""".replace("\n", "").split("|")

SCENES = """movie night|good night|good morning|dinner time|romance|bed time|reading time|cleaning mode
|away mode|vacation|welcome home|focus|relax|sunset|sunrise|game night|work mode|sleep mode|cozy evening|date night|dance party
|study time|quiet time|wake up|leaving home|arrive home|breakfast|yoga|candle light|christmas|halloween|birthday|theater mode
|energy saver|bright|dim|concentrate|rain forest|ocean|aurora|arctic|spring blossom|summer evening|fireplace|nap time|story time
|lock up|night mode|all clear|start the day|end the day|water the plants|test script|panic|happy hour""".replace(
    "\n", ""
).split("|")

FIRST_NAMES = """anna ben carla david emma frank grace henry isabel jack kate leo mia noah olivia paul quinn rosa sam tina ursula victor
wendy xavier yara zoe adam bella charlie daisy ethan fiona george hannah ian julia kevin laura mark nina oscar peter rachel simon
theo uma vera will alex amy andrew barbara brian chloe daniel diana eric eva felix gina harry irene james karen linda lucas lucy
maria martin max michael molly nancy oliver patrick pete robert ruby sarah sophie steve susan thomas tom toby violet walter
ahmed aisha akira bruno chen deepak elena fatima giovanni hiro ingrid ivan jorge kofi lars mei mohammed nadia olga pablo priya raj
sofia sven tariq yuki zara milo luna bruce rex bailey rocky granny grandpa mom dad""".split()

BRANDS = """hue philips ikea sonos nest ecobee samsung sony bosch dyson roomba wemo shelly tuya aqara lutron yale august ring arlo
roku xbox nintendo tesla lego nanoleaf govee meross honeywell braun miele siemens panasonic denon marantz bose jbl logitech lenovo
dell asus epson canon brother ninja vitamix keurig delonghi smeg zigbee sonoff tradfri""".split()

OBJECTS = """tree desk shelf bed couch sofa table chair mirror piano guitar fireplace stove island bar counter cabinet wardrobe
bookcase dresser crib cage tank fountain statue painting bench swing hammock pool pond fence wall roof tower bridge rocket robot
dragon unicorn panda tiger elephant flower rose tulip cactus palm moon star sun cloud rainbow mountain river forest beach
castle ship train car bike truck globe clock bell drum trumpet violin canvas easel workbench drill saw ladder bucket barrel
apple banana cherry lemon mango pumpkin pepper basil thunder lightning snowman penguin turtle falcon eagle raven""".split()

ITEMS = (
    """apples bananas milk|bread|eggs|butter|cheese|coffee|tea|sugar|flour|rice|pasta|tomatoes|potatoes|onions|garlic|carrots
|chicken|beef|fish|salmon|yogurt|orange juice|toilet paper|paper towels|dish soap|shampoo|toothpaste|batteries|light bulbs|cat food
|dog food|ice cream|chocolate|cookies|cereal|honey|olive oil|salt|black pepper|lemons|grapes|strawberries|lettuce|cucumber
|mushrooms|peanut butter|jam|ketchup|mustard|wine|beer|water|soda|chips|nuts|oatmeal|frozen peas|tuna|ham|bacon|sausages|tofu
|oat milk|almond milk|soy sauce|vinegar|cinnamon|napkins|trash bags|sponges|laundry detergent|soap|razors|stamps|birthday card
|call the dentist|pick up the kids|pay the bills|water the plants|wash the car|buy a present|walk the dog|mow the lawn|book flights
|clean the garage|fix the fence|return the library books|a dozen eggs|two pounds of beef|green tea|brown sugar|avocados|limes
|pears|peaches|plums|raspberries|spinach|broccoli|celery|ginger|sour cream|cream cheese|tortillas|salsa|popcorn|muffins""".replace(
        "\n", ""
    )
    .replace("apples bananas milk", "apples|bananas|milk")
    .split("|")
)

LISTS = """shopping list|grocery list|to do list|groceries|packing list|wish list|chores|hardware list|my tasks|party list|work list
|weekend list|christmas list|reading list|bucket list""".replace("\n", "").split("|")

TIMER_NAMES = """pizza|egg|pasta|laundry|tea|bread|workout|nap|cookies|oven|rice|chicken|meditation|homework|break|cake|eggs|soup|dryer
|turkey|steak|parking|meeting|plank|coffee|roast|potatoes|washing""".replace("\n", "").split("|")

CITIES = """new york|london|paris|berlin|chicago|boston|tokyo|rome|madrid|sydney|toronto|seattle|amsterdam|vienna|denver|austin|dublin
|oslo|stockholm|miami|houston|san francisco|los angeles|las vegas|atlanta|portland|home|mumbai|singapore|zurich|munich|prague
|edinburgh|manchester|melbourne|dallas|phoenix|detroit|lisbon|warsaw|helsinki|montreal|vancouver""".replace(
    "\n", ""
).split("|")

QUERIES = """the beatles|some jazz|classical music|abbey road|queen|dark side of the moon|my playlist|rock music|christmas songs|the news
|miles davis|taylor swift|bohemian rhapsody|relaxing music|country roads|thriller|mozart|bach|a podcast about history|yesterday
|morning mix|the lion king|star wars|summer hits|radio one|frank sinatra|hotel california|piano music|disco|johnny cash|adele|blues
|white noise|rain sounds|kids songs|lady gaga|nina simone|the rolling stones|imagine|let it be|daft punk|reggae""".replace(
    "\n", ""
).split("|")

SPELLS = """abra cadabra|open sesame|hocus pocus|alohomora|lumos|expelliarmus|wingardium leviosa|shazam|bibbidi bobbidi boo|accio|nox
|expecto patronum|presto|fiat lux|patronum|crucio|obliviate|riddikulus|stupefy|ignis|aqua|ventus|luminara|arcana|mordere|serpentia
|protego|reparo|silencio|engorgio|levitas|obscura|imperio|sectumsempra|avis|lumina""".replace("\n", "").split("|")

ALERTS = """yellow alert|blue alert|code red|code blue|intruder alert|battle stations|all hands on deck|shields up|engage|make it so
|lights out|lock down|stand down|emergency|fire drill|help me|call for help|alarm on|self destruct|beam me up|engines on
|abandon ship|general quarters|full stop|full speed ahead|white alert""".replace("\n", "").split("|")

MESSAGES = """dinner is ready|it is time to go|come downstairs|the pizza is here|i am leaving now|good night everyone|time for bed
|someone is at the door|the movie is starting|breakfast is ready|please come to the kitchen|the car is here|school bus in five minutes
|turn down the music|i am home|lunch is served|please be quiet|where is everybody|happy birthday|let us go""".replace(
    "\n", ""
).split("|")

PLAIN = """[yes] i (think|guess|know|hope|believe) (it is|that was|you are|they were) (good|late|right|fine|wrong|funny|over)
|(what|where|who|why|how) (did|do|does|would) (you|he|she|they|we) (go|say|want|mean|think) [about it]
|we (should|could|will|can) (go|drive|walk|meet) (to|at) the (store|park|beach|station|school|office|museum) (later|tomorrow|now|today)
|(he|she|they) (said|told me|thought) [that] (the|my|a) {object} (was|is) (old|new|broken|lost|blue|nice|too big)
|(thank you|thanks) [very much|so much|a lot]
|(yes|no|maybe|okay|sure|right|hello|hi|goodbye|bye|good morning|good evening|well|really|never|always|sorry|excuse me)
|(hello|hi) {person} how are you [today]
|my (brother|sister|mother|father|friend|boss|neighbor) (lives|works|lived|worked) in {city}
|{person} (wants|needs|likes|lost|bought|found) (a|the|some) {object}
|(did you see|have you seen|i saw|i forgot|i need) (the|my|your) {object} [yesterday|this morning|last night]
|it (was|is) (raining|snowing|sunny|cold|hot|windy) in {city} [this week|yesterday]
|(the|a) {object} (fell|stood|was lying) (on|behind|under|near) the {object}
|i would like (to eat|to buy|some|two|three) {item}
|(can|could) (you|we) (talk|speak) about (this|that|the {object}) (later|again|tomorrow)
|the (price|size|colour|color|name) of the {object} is (not|very|quite) (right|high|small|clear)
|that is (not|exactly|almost) what i (said|meant|wanted)
|(let's|let us) (go|eat|start|stop|wait|see) [now|then|again]
|i (don't|can't|won't|didn't) (know|see|believe|remember|like) (it|that|him|her|them|the {object})
|{person} and {person} (are|were) (playing|talking|sleeping|working) in the {room}
|the {light} is (on|off|already on|already off|at {brightness} percent)
|(i turned|turned) (on|off) the {light}
|the {cover} is (open|closed|opening|closing|half open)
|the {lock} is (locked|unlocked)
|(okay|done|all right|i did not understand|i could not reach it|i don't know|which one|sent)
|timer set for {number_words} (minutes|seconds|hours)
|it is {number_words} degrees [in the {room}]
|say {digit} {digit} to (unlock|open) the {lock}
|your alarm is set for {number_words}
|{number_words} (people|dogs|years|dollars|miles|{object}s) (and|or) {number_words} (more|{object}s)""".split("\n|")
